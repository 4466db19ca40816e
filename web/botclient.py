"""The way to our Rasa server: one POST a turn, over connections that are kept open.

A server that hangs must not hold up every visitor for the whole deadline: after three failures
in a row it is left alone for a few seconds, and then tried again (the circuit breaker of Nygard,
*Release It!*, 2007).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

_FAILURES_TO_OPEN = 3
_OPEN_S = 5.0
_PATH = "/webhooks/grapevine"

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

    ``seen`` tells whether the bot has ever said that it is ready.
    """

    def __init__(self, base_url: str, secret: SecretStr, deadline_s: float) -> None:
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={
                "Authorization": f"Bearer {secret.get_secret_value()}",
                "Content-Type": "application/json",
            },
            timeout=httpx.Timeout(deadline_s, connect=min(1.0, deadline_s)),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
            trust_env=False,
        )
        self._failures = 0
        self._open_until = 0.0
        self.seen = False

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
            response = await self._client.post(f"{_PATH}/turn", content=orjson.dumps(body))
            if response.status_code == httpx.codes.BAD_REQUEST:
                # About this turn alone: it must not cost the other visitors their bot.
                raise BotRefused(f"the bot cannot take this turn: {response.text[:200]}")
            if response.status_code != httpx.codes.OK:
                raise BotUnavailable(f"the bot answered {response.status_code}")
            reply = BotReply.model_validate_json(response.content)
            if not reply.directives:
                raise BotUnavailable("the bot gave no directive")
        except (httpx.HTTPError, ValidationError) as error:
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
            response = await self._client.post(
                f"{_PATH}/forget", content=orjson.dumps({"conversation_id": conversation_id})
            )
        except httpx.HTTPError as error:
            raise BotUnavailable(f"{type(error).__name__}: {error}") from error
        if response.is_error:
            raise BotUnavailable(f"the bot answered {response.status_code}")

    async def model(self) -> str | None:
        """The model that the bot has loaded, or None while it is not ready."""
        try:
            response = await self._client.get(f"{_PATH}/health", timeout=1.0)
            if not response.json().get("ready"):
                return None
            self.seen = True
            return str(response.json()["model"])
        except (httpx.HTTPError, ValueError, KeyError, AttributeError):
            return None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= _FAILURES_TO_OPEN:
            self._open_until = time.monotonic() + _OPEN_S
            self._failures = 0
