"""The way to our Rasa server: one POST a turn, over connections that are kept open.

A server that hangs must not hold up every visitor for the whole deadline: after three failures
in a row it is left alone for a few seconds, and then tried again (the circuit breaker of Nygard,
*Release It!*, 2007).

aiohttp, because a call takes a seventh of httpx's time (0.06 ms) in the loop that all share.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp
import orjson
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

_FAILURES_TO_OPEN = 3
_OPEN_S = 5.0
_PATH = "/webhooks/grapevine"
_CONNECT_S = 1.0
_HEALTH_S = 1.0
_CONNECTIONS = 64
#: Sanic hangs up after five idle seconds; we do so before, or a turn would meet a closed door.
_KEEP_S = 4.0
_OK, _BAD_REQUEST = 200, 400

BotRoute = Literal["answer", "compose", "clarify", "chat", "flow", "insight", "handoff", "decline"]


class BotUnavailable(Exception):
    """The Rasa server did not give a usable reply in time; the message says why."""


class BotRefused(BotUnavailable):
    """The Rasa server is well and cannot take this turn."""


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class BotDirective(_Reply):
    """One thing to do, as the bot decided."""

    route: BotRoute
    entry_ids: tuple[str, ...] = ()
    p: float = 0.0
    reason: str = ""
    text: str | None = None
    intent: str | None = None


class BotReply(_Reply):
    """The bot's reply to one turn."""

    message_id: str
    directives: tuple[BotDirective, ...]
    replayed: bool = False
    active_flow: str | None = None


@dataclass(frozen=True, slots=True)
class BotTurn:
    """One turn as it is posted; see docs/developers/contracts.md."""

    conversation_id: str
    message_id: str
    text: str
    lang: str
    evidence: Mapping[str, Any]
    costs: Mapping[str, Any]
    selected_entry_id: str | None = None
    missed: Sequence[Mapping[str, str]] = ()


class BotClient:
    """Posts turns. Light to make; :meth:`aclose` closes its connections.

    Args:
        base_url: address of the Rasa server, such as ``http://127.0.0.1:5105``.
        secret: the secret shared with it.
        deadline_s: longest wait for a turn, in seconds.

    ``loaded`` is the model that the bot named when it last said that it is ready; None before.
    """

    def __init__(self, base_url: str, secret: SecretStr, deadline_s: float) -> None:
        self._base_url = base_url.rstrip("/") + _PATH
        self._headers = {
            "Authorization": f"Bearer {secret.get_secret_value()}",
            "Content-Type": "application/json",
        }
        self._deadline_s = deadline_s
        self._opened: aiohttp.ClientSession | None = None
        self._failures = 0
        self._open_until = 0.0
        self.loaded: str | None = None

    async def turn(self, turn: BotTurn) -> BotReply:
        """Post one turn. Raises BotUnavailable."""
        if time.monotonic() < self._open_until:
            raise BotUnavailable("the bot failed several times just now and is left alone")
        body = {
            "conversation_id": turn.conversation_id,
            "message_id": turn.message_id,
            "text": turn.text,
            "lang": turn.lang,
            "evidence": turn.evidence,
            "costs": turn.costs,
            "selected_entry_id": turn.selected_entry_id,
            "missed": list(turn.missed),
        }
        try:
            status, content = await self._post_turn(body)
            if status == _BAD_REQUEST:
                # About this turn alone: it must not cost the other visitors their bot.
                said = content[:200].decode("utf-8", "replace")
                raise BotRefused(f"the bot cannot take this turn: {said}")
            if status != _OK:
                raise BotUnavailable(f"the bot answered {status}")
            reply = BotReply.model_validate_json(content)
            if not reply.directives:
                raise BotUnavailable("the bot gave no directive")
        except (aiohttp.ClientError, OSError, ValidationError) as error:
            self._failed()
            raise BotUnavailable(f"{type(error).__name__}: {error}") from error
        except BotUnavailable as error:
            if not isinstance(error, BotRefused):
                self._failed()
            raise
        self._failures = 0
        return reply

    async def forget(self, conversation_id: str) -> None:
        """Have the bot delete its memory of a conversation. Raises BotUnavailable."""
        try:
            status, _ = await self._post("forget", {"conversation_id": conversation_id})
        except (aiohttp.ClientError, OSError) as error:
            raise BotUnavailable(f"{type(error).__name__}: {error}") from error
        if status >= _BAD_REQUEST:
            raise BotUnavailable(f"the bot answered {status}")

    async def model(self) -> str | None:
        """The model that the bot has loaded, or None while it is not ready."""
        timeout = aiohttp.ClientTimeout(total=_HEALTH_S)
        try:
            async with self._session().get(f"{self._base_url}/health", timeout=timeout) as response:
                said = orjson.loads(await response.read())
            if not said.get("ready"):
                return None
            self.loaded = str(said["model"])
        except (aiohttp.ClientError, OSError, ValueError, KeyError, AttributeError):
            return None
        return self.loaded

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def _post_turn(self, body: Mapping[str, Any]) -> tuple[int, bytes]:
        """Once more where a kept connection turns out to be closed: the bot knows message ids."""
        try:
            return await self._post("turn", body)
        except aiohttp.ServerDisconnectedError:
            return await self._post("turn", body)

    async def _post(self, what: str, body: Mapping[str, Any]) -> tuple[int, bytes]:
        async with self._session().post(
            f"{self._base_url}/{what}", data=orjson.dumps(body)
        ) as response:
            return response.status, await response.read()

    def _session(self) -> aiohttp.ClientSession:
        """The connections; opened at first use, since they belong to the running loop."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(
                    total=self._deadline_s, sock_connect=min(_CONNECT_S, self._deadline_s)
                ),
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEEP_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept-Encoding"),
                auto_decompress=False,
            )
        return self._opened

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= _FAILURES_TO_OPEN:
            self._open_until = time.monotonic() + _OPEN_S
            self._failures = 0
