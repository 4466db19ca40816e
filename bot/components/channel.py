"""The input channel: ``POST /webhooks/grapevine/turn``, described in docs/developers/contracts.md.

It is the only channel of the bot and stands behind a shared secret on loopback.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.core.tracker_store import FailSafeTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.components import runner
from bot.components.policy import SAY
from bot.components.store import LiveTrackerStore
from bot.components.turn import TURN_SLOT, MissedTurn, Turn, reply_to
from bot.errors import InsecureChannel, InvalidTurn

logger = logging.getLogger(__name__)

_MIN_SECRET = 16
#: A form left open for longer is closed with a notice; what was filled in is kept.
FORM_LIFE_S = 3600.0
#: Rasa reads a message that begins with "/" as a command. A word joiner before it is invisible,
#: is no white space that Rasa would strip, and is passed over by the tokenizer.
_GUARD = "\u2060"


class GrapevineInput(InputChannel):  # type: ignore[misc]
    """Takes turns in, one at a time for each conversation, each message once.

    Args:
        secret: what ``Authorization: Bearer`` has to carry. Raises InsecureChannel where it is
            missing or shorter than 16 characters.
        form_life_s: seconds of silence after which an open form is closed with a notice.
    """

    def __init__(self, secret: str, form_life_s: float = FORM_LIFE_S) -> None:
        if not isinstance(secret, str) or len(secret) < _MIN_SECRET:
            raise InsecureChannel(
                f"the bot needs a shared secret of at least {_MIN_SECRET} characters in "
                "GRAPEVINE_BOT_SECRET; without it the channel does not open"
            )
        self._secret = secret.encode()
        self._form_life_s = form_life_s
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @classmethod
    def name(cls) -> str:
        return "grapevine"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GrapevineInput:
        credentials = credentials or {}
        # A server reads its channels before it loads the model.
        runner.install()
        return cls(
            credentials.get("secret") or "", float(credentials.get("form_life_s", FORM_LIFE_S))
        )

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The three routes: health, turn, forget."""
        webhook = Blueprint("grapevine_webhook")

        @webhook.get("/health")  # type: ignore[untyped-decorator]
        async def health(request: Request) -> HTTPResponse:
            return response.json(_health(request.app.ctx.agent))

        @webhook.post("/turn")  # type: ignore[untyped-decorator]
        async def turn(request: Request) -> HTTPResponse:
            if not self._authorised(request):
                return _problem(401, "unauthorized", "the shared secret is missing or wrong")
            return await self._answer(request, on_new_message)

        @webhook.post("/forget")  # type: ignore[untyped-decorator]
        async def forget(request: Request) -> HTTPResponse:
            if not self._authorised(request):
                return _problem(401, "unauthorized", "the shared secret is missing or wrong")
            return await self._forget(request)

        return webhook

    def _authorised(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        scheme, _, token = given.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), self._secret)

    async def _answer(
        self, request: Request, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> HTTPResponse:
        try:
            turn = Turn.from_dict(_body(request))
        except InvalidTurn as error:
            return _problem(400, "invalid_turn", str(error))
        agent: Agent = request.app.ctx.agent
        if not (agent and agent.is_ready()):
            return _problem(503, "not_ready", "the model is still being loaded")
        async with self._alone(turn.conversation_id):
            try:
                return response.json(await self._take(turn, agent, on_new_message))
            except Exception:
                # The tracker was left in mid-turn: the next try starts from the last snapshot.
                logger.exception("a turn failed")
                store = _live(agent.tracker_store)
                if store:
                    store.discard(turn.conversation_id)
                return _problem(500, "turn_failed", "the turn could not be finished; send it again")

    async def _take(
        self,
        turn: Turn,
        agent: Agent,
        on_new_message: Callable[[UserMessage], Awaitable[Any]],
    ) -> dict[str, Any]:
        store = agent.tracker_store
        tracker = await store.retrieve(turn.conversation_id)
        if tracker is not None:
            stored = reply_to(turn.message_id, list(tracker.events))
            if stored is not None:
                return {**stored, "replayed": True}
        notice = None
        if turn.missed:
            tracker = tracker or await store.get_or_create_tracker(turn.conversation_id)
            notice = _append_missed(tracker, turn.missed)
        elif tracker is not None and tracker.active_loop_name and self._is_stale(tracker):
            _close_form(tracker)
            notice = "expired"
        await on_new_message(
            UserMessage(
                text=_guarded(turn.text or turn.selected_entry_id or ""),
                output_channel=CollectingOutputChannel(),
                sender_id=turn.conversation_id,
                input_channel=self.name(),
                message_id=turn.message_id,
                metadata=turn.metadata(notice),
            )
        )
        tracker = await store.retrieve(turn.conversation_id)
        reply = reply_to(turn.message_id, list(tracker.events)) if tracker else None
        if reply is None:
            raise RuntimeError("the tracker does not hold the turn that was just taken")
        return reply

    async def _forget(self, request: Request) -> HTTPResponse:
        conversation_id = (_body(request) or {}).get("conversation_id")
        if not isinstance(conversation_id, str) or not conversation_id:
            return _problem(400, "invalid_turn", "conversation_id must be a text")
        store = _live(request.app.ctx.agent.tracker_store)
        if store is None:
            return _problem(501, "not_supported", "this tracker store cannot delete; see bot.md")
        async with self._alone(conversation_id):
            store.forget(conversation_id)
        return response.json({"forgotten": conversation_id})

    def _is_stale(self, tracker: DialogueStateTracker) -> bool:
        last = next((e for e in reversed(tracker.events) if isinstance(e, UserUttered)), None)
        return last is not None and time.time() - last.timestamp > self._form_life_s

    @asynccontextmanager
    async def _alone(self, conversation_id: str) -> AsyncIterator[None]:
        """Hold the conversation; its lock is dropped when nobody waits for it any more."""
        lock, users = self._locks.get(conversation_id, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[conversation_id] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[conversation_id]
            if users == 1:
                del self._locks[conversation_id]
            else:
                self._locks[conversation_id] = (lock, users - 1)


def _append_missed(tracker: DialogueStateTracker, missed: Sequence[MissedTurn]) -> str | None:
    """Put turns answered elsewhere into the tracker; "missed" if that closed an open form."""
    known = {e.message_id for e in tracker.events if isinstance(e, UserUttered)}
    for turn in missed:
        if turn.message_id in known:
            continue
        tracker.update(
            UserUttered(
                turn.text,
                intent={"name": "ask_question", "confidence": 0.0},
                message_id=turn.message_id,
                input_channel=GrapevineInput.name(),
            )
        )
        tracker.update(ActionExecuted(SAY))
        tracker.update(BotUttered(turn.reply, metadata={"utter_action": "answered elsewhere"}))
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
    tracker.update(SlotSet(TURN_SLOT, None))
    if not tracker.active_loop_name:
        return None
    _close_form(tracker)
    return "missed"


def _close_form(tracker: DialogueStateTracker) -> None:
    tracker.update(ActiveLoop(None))
    tracker.update(SlotSet(REQUESTED_SLOT, None))
    tracker.update(ActionExecuted(ACTION_LISTEN_NAME))


def _guarded(text: str) -> str:
    return _GUARD + text.strip() if text.strip().startswith("/") else text


def _body(request: Request) -> Any:
    try:
        return request.json
    except Exception:  # noqa: BLE001 - Sanic raises its own 400 page; ours is JSON
        return None


def _live(store: TrackerStore | None) -> LiveTrackerStore | None:
    if isinstance(store, FailSafeTrackerStore):
        store = store._tracker_store
    return store if isinstance(store, LiveTrackerStore) else None


def _health(agent: Agent | None) -> dict[str, Any]:
    ready = bool(agent and agent.is_ready())
    return {
        "ready": ready,
        "model": agent.processor.model_filename if agent and ready else None,
        "fingerprint": agent.model_id if agent and ready else None,
    }


def _problem(status: int, error: str, detail: str) -> HTTPResponse:
    return response.json({"error": error, "detail": detail}, status=status)
