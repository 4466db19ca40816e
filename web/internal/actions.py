"""``POST /internal/actions``: Rasa's action-server protocol, for the actions of our own forms.

Protocol: https://rasa.com/docs/rasa/action-server/events and its OpenAPI description
(``next_action``, ``tracker`` in; ``events``, ``responses`` out).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from bot.routing import fallback_reading
from web.internal import wording
from web.internal.desk import OrderDesk
from web.internal.orders import is_email, is_order_number


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class LatestMessage(_Loose):
    """The part of Rasa's latest message that is looked at."""

    text: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class Tracker(_Loose):
    """The part of Rasa's tracker that is looked at."""

    sender_id: str = Field(min_length=1, max_length=200)
    slots: dict[str, Any] = Field(default_factory=dict)
    latest_message: LatestMessage = LatestMessage()

    @property
    def lang(self) -> str:
        """The visitor's language: told by the web process, or seen in the text."""
        told = self.latest_message.metadata.get("lang")
        seen = fallback_reading(self.latest_message.text or "").lang
        return told if told in ("en", "zh") else seen


class ActionCall(_Loose):
    """One call of an action."""

    next_action: str
    tracker: Tracker


class ActionResult(_Loose):
    """What an action did: slot events, and texts to say."""

    events: list[dict[str, Any]] = Field(default_factory=list)
    responses: list[dict[str, Any]] = Field(default_factory=list)


def internal_router(desk: OrderDesk, secret: str) -> APIRouter:
    """The router to include in the app. Raises ValueError where the secret is missing."""
    if len(secret) < 16:
        raise ValueError("the internal actions need the secret shared with the bot")
    router = APIRouter(prefix="/internal", include_in_schema=False)

    @router.post("/actions")
    async def actions(
        call: ActionCall, authorization: Annotated[str, Header()] = ""
    ) -> ActionResult:
        given = authorization.removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise HTTPException(401, "the shared secret is missing or wrong")
        action = _ACTIONS.get(call.next_action)
        if action is None:
            known = ", ".join(sorted(_ACTIONS))
            raise HTTPException(404, f"no action {call.next_action!r}; known: {known}")
        return await run_in_threadpool(action, desk, call.tracker)

    return router


def _validate(desk: OrderDesk, tracker: Tracker) -> ActionResult:
    """Check the form of what was given; whether such an order exists is not told here."""
    del desk
    result = ActionResult()
    for slot, is_valid, complaint in (
        ("order_number", is_order_number, wording.bad_number),
        ("email", is_email, wording.bad_email),
    ):
        value = tracker.slots.get(slot)
        if value is None:
            continue
        valid = is_valid(value)
        result.events.append(_slot(slot, value if valid else None))
        if not valid:
            result.responses.append({"text": complaint(tracker.lang, value)})
    return result


def _order_status(desk: OrderDesk, tracker: Tracker) -> ActionResult:
    """Answer, and forget number and address: the next lookup asks for both again."""
    text = desk.look_up(
        tracker.sender_id,
        str(tracker.slots.get("order_number") or ""),
        str(tracker.slots.get("email") or ""),
        tracker.lang,
    )
    return ActionResult(
        events=[_slot("order_number", None), _slot("email", None)], responses=[{"text": text}]
    )


def _slot(name: str, value: Any) -> dict[str, Any]:
    return {"event": "slot", "name": name, "value": value, "timestamp": None}


_ACTIONS: dict[str, Callable[[OrderDesk, Tracker], ActionResult]] = {
    "validate_order_status_form": _validate,
    "action_order_status": _order_status,
}
