"""A turn as it is posted, and the reply as it can be read off the tracker.

The reply is always read from the tracker's events, never kept beside them: the same events that
a snapshot restores after a crash give the same reply to a message id that comes again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rasa.shared.core.events import ActiveLoop, BotUttered, Event, SlotSet, UserUttered

from bot import keywords
from bot.errors import InvalidTurn
from bot.routing import MAX_TEXT, CostMatrix, Directive, EvidenceDigest, RoutingError

#: The slot that holds the decision of the latest turn (directives, plan, flow probability).
TURN_SLOT = "turn"
MAX_EVIDENCE_BYTES = 2048
MAX_MISSED = 100
_LANGS = ("en", "zh")

_UNAVAILABLE = {
    "en": "Sorry, I can't look that up right now. Please try again in a few minutes.",
    "zh": "抱歉，我现在查不到，请过几分钟再试。",
}


@dataclass(frozen=True)
class MissedTurn:
    """A turn that was answered without the bot."""

    message_id: str
    text: str
    reply: str


@dataclass(frozen=True)
class Turn:
    """One posted turn, checked."""

    conversation_id: str
    message_id: str
    text: str
    lang: str | None
    evidence: dict[str, Any]
    costs: dict[str, Any] | None
    selected_entry_id: str | None = None
    missed: Sequence[MissedTurn] = field(default_factory=tuple)

    @classmethod
    def from_dict(cls, raw: object) -> Turn:
        """Read the body of ``POST /webhooks/grapevine/turn``; raises InvalidTurn."""
        if not isinstance(raw, dict):
            raise InvalidTurn("the body must be a JSON object")
        selected = raw.get("selected_entry_id")
        evidence, costs = raw.get("evidence"), raw.get("costs")
        if len(json.dumps(evidence, ensure_ascii=False).encode(errors="replace")) > (
            MAX_EVIDENCE_BYTES
        ):
            raise InvalidTurn(f"evidence is larger than {MAX_EVIDENCE_BYTES} bytes")
        try:
            EvidenceDigest.from_dict(evidence)
            costs = _shared_costs(costs)
        except RoutingError as error:
            raise InvalidTurn(str(error)) from error
        lang = raw.get("lang")
        if lang is not None and lang not in _LANGS:
            raise InvalidTurn(f"lang must be one of {', '.join(_LANGS)} or null, not {lang!r}")
        return cls(
            conversation_id=_short(raw, "conversation_id"),
            message_id=_short(raw, "message_id"),
            text=_text(raw, required=selected is None),
            lang=lang,
            evidence=evidence if isinstance(evidence, dict) else {},
            costs=costs,
            selected_entry_id=None if selected is None else _short(raw, "selected_entry_id"),
            missed=_missed(raw.get("missed") or []),
        )

    def metadata(self, notice: str | None) -> dict[str, Any]:
        """What rides with the message into the tracker."""
        return {
            "evidence": self.evidence,
            "costs": self.costs,
            "lang": self.lang,
            "selected_entry_id": self.selected_entry_id,
            "notice": notice,
        }


@lru_cache(maxsize=4)
def _checked_costs(text: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(text)
    CostMatrix.from_dict(raw)
    return raw


def _shared_costs(raw: object) -> dict[str, Any] | None:
    """The matrix, checked once and kept once for all turns that carry the same one.

    It rides with every message and stays in the trackers: a third of what they take.
    """
    return None if raw is None else _checked_costs(json.dumps(raw))


def reply_to(message_id: str, events: Sequence[Event]) -> dict[str, Any] | None:
    """The reply to ``message_id`` as the events tell it, or None if they do not hold it."""
    start = next(
        (
            i
            for i in range(len(events) - 1, -1, -1)
            if isinstance(events[i], UserUttered) and events[i].message_id == message_id
        ),
        None,
    )
    if start is None:
        return None
    end = next(
        (i for i in range(start + 1, len(events)) if isinstance(events[i], UserUttered)),
        len(events),
    )
    user, said = events[start], events[start + 1 : end]
    return {
        "message_id": message_id,
        "replayed": False,
        "directives": _directives(user, said),
        "nlu": {
            "intent": user.intent.get("name"),
            "confidence": round(user.intent.get("confidence") or 0.0, 4),
            "entities": [
                {key: entity.get(key) for key in ("entity", "value", "start", "end")}
                for entity in user.entities
            ],
        },
        "active_flow": _active_flow(events[:end]),
    }


def _directives(user: UserUttered, said: Sequence[Event]) -> list[dict[str, Any]]:
    turn: dict[str, Any] = next(
        (e.value for e in said if isinstance(e, SlotSet) and e.key == TURN_SLOT and e.value), {}
    )
    directives = []
    for event in said:
        if not isinstance(event, BotUttered):
            continue
        custom = event.data.get("custom")
        if custom:
            directives.append(custom)
        elif event.text:
            reason = event.metadata.get("utter_action") or "order lookup"
            flow = Directive("flow", (), turn.get("flow_p", 1.0), reason, event.text)
            directives.append(flow.to_dict())
    if not directives:
        lang = (user.metadata or {}).get("lang") or keywords.language(user.text or "")
        text = _UNAVAILABLE[lang]
        directives.append(Directive("flow", (), 0.0, "an action did not answer", text).to_dict())
    return directives


def _active_flow(events: Sequence[Event]) -> str | None:
    return next((e.name for e in reversed(events) if isinstance(e, ActiveLoop)), None)


def _short(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= 200:
        raise InvalidTurn(f"{name} must be a text of 1 to 200 characters")
    return value


def _text(raw: dict[str, Any], *, required: bool) -> str:
    value = raw.get("text")
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise InvalidTurn(f"text must be a text of at most {MAX_TEXT} characters")
    if required and not value.strip():
        raise InvalidTurn("text is empty")
    return value


def _missed(raw: object) -> tuple[MissedTurn, ...]:
    if not isinstance(raw, list) or len(raw) > MAX_MISSED:
        raise InvalidTurn(f"missed must be a list of at most {MAX_MISSED} turns")
    turns = []
    for i, item in enumerate(raw):
        if not isinstance(item, dict) or not isinstance(item.get("reply"), str):
            raise InvalidTurn(f"missed[{i}] must hold message_id, text and reply")
        turns.append(
            MissedTurn(_short(item, "message_id"), _text(item, required=False), item["reply"])
        )
    return tuple(turns)
