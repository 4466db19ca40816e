"""Who may use the compatible ends (OpenAI, Rasa REST), and which conversations are theirs.

A request carries ``Authorization: Bearer <key>`` with one of the operator's keys. Without keys
the ends are closed; ``open_api`` opens them to programs on the same machine, and to nobody else:

* the process does not start with ``open_api`` unless it listens on a loopback address;
* each request's peer is checked all the same, and so is what a proxy or a browser would add: a
  proxy on this machine speaks for strangers, and a web page may be anybody's.

Every key has a namespace. Conversation ids are made from it with HMAC-SHA256, so that no key
reaches the conversations of another one, nor those of the widget's visitors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from web.errors import ConversationNotFound, OriginRefused, Unauthorized

_MIN_KEY_CHARS = 16
_REMEDY = (
    "Send 'Authorization: Bearer <key>' with one of the keys in GRAPEVINE_API_KEYS; without any, "
    "GRAPEVINE_OPEN_API=true opens this to programs on the same machine."
)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_SEED_BYTES = 12
_MAC_BYTES = 15


class UnsafeApiSettings(ValueError):
    """The settings would open the compatible ends to strangers; the process must not start."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the holder of one key, or a program on this machine where the API is open."""

    namespace: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Tells callers apart in limits; says nothing of the key."""
        return _text(self._mac("name", b""))

    def conversation_of(self, channel: str, sender: str) -> str:
        """The id that always stands for ``sender`` on ``channel``."""
        return "k-" + _text(
            self._mac("sender", f"{channel}\0{sender}".encode("utf-8", "surrogatepass"))
        )

    def new_conversation(self, retry_key: str | None = None) -> str:
        """A fresh id that only this caller can name again; the same one for the same retry key."""
        if retry_key is None:
            seed = secrets.token_bytes(_SEED_BYTES)
        else:
            seed = self._mac("retry", retry_key.encode())[:_SEED_BYTES]
        return "k-" + _text(seed + self._mac("conversation", seed))

    def check_conversation(self, conversation_id: str) -> str:
        """``conversation_id`` if :meth:`new_conversation` of this caller made it.

        Raises ConversationNotFound, also for conversations that exist but are another's.
        """
        try:
            raw = base64.b64decode(
                conversation_id.removeprefix("k-").encode("ascii"), altchars=b"-_", validate=True
            )
        except ValueError:
            raw = b""
        seed, mac = raw[:_SEED_BYTES], raw[_SEED_BYTES:]
        expected = self._mac("conversation", seed)
        own = conversation_id == "k-" + _text(raw) and hmac.compare_digest(mac, expected)
        if not own:
            raise ConversationNotFound(
                "This key has no conversation of that id.",
                remedy="Send the X-Conversation-Id of an earlier response, or leave it out.",
            )
        return conversation_id

    def _mac(self, purpose: str, data: bytes) -> bytes:
        message = purpose.encode() + b"\0" + data
        return hmac.digest(self.namespace, message, "sha256")[:_MAC_BYTES]


class ApiKeys:
    """Checks who asks.

    Args:
        keys: the keys that are accepted, at least 16 characters each.
        open_api: whether programs on this machine need none.
        host: the address that the process listens on.

    Raises UnsafeApiSettings where a key is too short, or where ``open_api`` meets a ``host``
    that is not loopback.
    """

    def __init__(self, keys: Iterable[SecretStr], *, open_api: bool, host: str) -> None:
        values = [key.get_secret_value() for key in keys]
        if any(len(value) < _MIN_KEY_CHARS for value in values):
            raise UnsafeApiSettings(
                f"A key in GRAPEVINE_API_KEYS is shorter than {_MIN_KEY_CHARS} characters; "
                "make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        if open_api and not is_loopback(host):
            raise UnsafeApiSettings(
                f"GRAPEVINE_OPEN_API=true would open the OpenAI and Rasa ends to everybody who "
                f"reaches {host!r}. Listen on 127.0.0.1 (GRAPEVINE_HOST), or set "
                "GRAPEVINE_OPEN_API=false and give clients a key from GRAPEVINE_API_KEYS."
            )
        self._namespaces = [_namespace(value) for value in values]
        self._open = open_api

    def caller(self, connection: HTTPConnection) -> Caller:
        """Who asks. Raises Unauthorized, and OriginRefused for a foreign page in open mode."""
        scheme, _, key = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and (found := self._find(key.strip())) is not None:
            return Caller(found)
        if not self._open:
            what = "The key is not valid." if key else "A key is needed."
            raise Unauthorized(
                what if self._namespaces else "No keys are set up: this end is closed.",
                remedy=_REMEDY,
            )
        _check_local(connection)
        return Caller(_namespace(""))

    def _find(self, key: str) -> bytes | None:
        """All keys are compared, whichever fits, so that time tells nothing."""
        given = _namespace(key)
        found = None
        for namespace in self._namespaces:
            if hmac.compare_digest(namespace, given):
                found = namespace
        return found


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an address) is reached from this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _check_local(connection: HTTPConnection) -> None:
    peer = connection.client
    if peer is None or not is_loopback(peer.host):
        raise Unauthorized("Without a key, only programs on this machine may ask.", remedy=_REMEDY)
    if any(name in connection.headers for name in _FORWARDED):
        raise Unauthorized("A request that came through a proxy needs a key.", remedy=_REMEDY)
    # A name that somebody else's DNS points at this machine ("DNS rebinding") is not ours.
    if not _local_url(f"//{connection.headers.get('host', '')}"):
        raise Unauthorized("Without a key, ask for 127.0.0.1 or localhost.", remedy=_REMEDY)
    origin = connection.headers.get("origin")
    if origin is not None and not _local_url(origin):
        raise OriginRefused("Pages of other origins need a key.", remedy=_REMEDY)


def _local_url(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def _namespace(key: str) -> bytes:
    return hashlib.sha256(b"grapevine api key\0" + key.encode("utf-8", "surrogatepass")).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
