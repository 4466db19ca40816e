"""What every channel is given: the conversations, and who may come in how often."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from web.conversation.service import ConversationService
from web.security.limits import ConnectionLimit, RateLimit
from web.security.origins import Origins
from web.security.tokens import Tokens
from web.settings import Settings


@dataclass(frozen=True, slots=True)
class Gateway:
    """The doors' common keeper.

    ``messages`` limits a conversation, ``addresses`` an IP address; addresses of this machine
    are not limited: they are tools of the operator, or a proxy that hides everybody.
    """

    service: ConversationService
    settings: Settings
    tokens: Tokens
    origins: Origins
    messages: RateLimit
    addresses: RateLimit
    connections: ConnectionLimit

    def check_origin(self, connection: HTTPConnection) -> None:
        """Raise OriginRefused where a foreign page calls."""
        self.origins.check(
            connection.headers.get("origin"),
            connection.url.scheme,
            connection.headers.get("host"),
        )

    def take_message(self, conversation_id: str, ip: str) -> None:
        """Count a message. Raises RateLimited."""
        self.messages.take(conversation_id)
        self.take_address(ip)

    def take_address(self, ip: str) -> None:
        """Count a request of an address. Raises RateLimited."""
        if not _is_loopback(ip):
            self.addresses.take(ip)


def client_ip(connection: HTTPConnection) -> str:
    """The address of the caller, as the server (or its trusted proxy) tells it."""
    return connection.client.host if connection.client else ""


def _is_loopback(ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return False
