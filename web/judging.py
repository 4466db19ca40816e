"""What people said of answers: curators' verdicts, and these with visitors' thumbs as judgements.

A verdict says whether a reply was right, wrong, or to a question that no entry answers. It stands
above a thumb on the same reply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

import orjson
from sqlalchemy import Column, Engine, ForeignKey, String, Table, delete, insert, or_, select

from knowledge.database import UtcDateTime, metadata, reading, writing
from knowledge.store import utc_now
from retrieval.refit import Judgement, Source, Verdict
from web.conversation.models import Provenance
from web.conversation.tables import feedback, messages

verdicts = Table(
    "verdicts",
    metadata,
    Column(
        "message_id", String(64), ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("verdict", String(16), nullable=False),
    Column("author", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
#: A thumb may mean the tone, the wait or the policy itself: it counts half as much as a verdict,
#: and all thumbs of one conversation together no more than one.
THUMB_WEIGHT = 0.5
#: The newest are enough: what was asked years ago says little of today's base.
_MOST = 5000
_AS_SURE = 0.002

_QUESTIONS = messages.alias("questions")
_ANSWERS = (
    select(
        messages.c.id,
        messages.c.conversation_id,
        messages.c.created_at,
        messages.c.provenance,
        _QUESTIONS.c.text.label("question"),
        feedback.c.value.label("thumb"),
        verdicts.c.verdict,
    )
    .join_from(messages, _QUESTIONS, messages.c.reply_to == _QUESTIONS.c.id)
    .outerjoin(feedback, feedback.c.message_id == messages.c.id)
    .outerjoin(verdicts, verdicts.c.message_id == messages.c.id)
    .where(messages.c.role == "assistant")
    .order_by(messages.c.created_at.desc(), messages.c.id)
)
_JUDGED = or_(feedback.c.value.is_not(None), verdicts.c.verdict.is_not(None))


class JudgingError(Exception):
    """A verdict that cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as a curator judges it."""

    message_id: str
    question: str
    route: str
    entry_ids: tuple[str, ...]
    p: float
    thumb: str | None
    verdict: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Collected:
    """Judgements, oldest first, and how many thumbs and verdicts could not be used."""

    judgements: tuple[Judgement, ...]
    passed_over: int

    def count(self, source: Source) -> int:
        """How many judgements are of this source."""
        return sum(one.source == source for one in self.judgements)


class Judging:
    """Verdicts and thumbs in one database. Safe to call from several threads."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock

    def judge(self, message_id: str, verdict: str, *, author: str) -> None:
        """Store a curator's verdict on an answer, in place of an earlier one; the id may also be
        that of the visitor's message. Raises JudgingError."""
        if verdict not in VERDICTS:
            raise JudgingError(f"there is no verdict {verdict!r}; use one of {', '.join(VERDICTS)}")
        if not author.strip() or len(author) > 100:
            raise JudgingError("name an author in at most 100 characters")
        either = or_(messages.c.id == message_id, messages.c.reply_to == message_id)
        with writing(self._engine) as connection:
            row = connection.execute(_ANSWERS.where(either)).first()
            if row is None:
                raise JudgingError(f"there is no answer {message_id!r} in the log")
            if _judgement(row, _verdict(verdict), "verdict") is None:
                raise JudgingError(
                    f"the reply {message_id!r} was not chosen by its probability: small talk, a "
                    "form, a pressed button, two questions in one"
                )
            values = {"verdict": verdict, "author": author, "at": self._clock()}
            connection.execute(delete(verdicts).where(verdicts.c.message_id == row.id))
            connection.execute(insert(verdicts).values(message_id=row.id, **values))

    def answers(self, limit: int, *, unjudged: bool = False) -> list[Answered]:
        """The newest answers that a verdict can be given on; ``unjudged``: that have none yet."""
        query = _ANSWERS.where(verdicts.c.verdict.is_(None)) if unjudged else _ANSWERS
        found: list[Answered] = []
        with reading(self._engine) as connection:
            for row in connection.execute(query.limit(_MOST)):
                if len(found) == limit:
                    break
                if _judgement(row, "right", "verdict") is not None:
                    found.append(_answered(row))
        return found

    def collect(self) -> Collected:
        """All that was said, as far as a correction can be fitted to it.

        Probabilities of other encoders than those that made the newest answer are passed over.
        """
        with reading(self._engine) as connection:
            rows = connection.execute(_ANSWERS.where(_JUDGED).limit(_MOST)).all()
        kept: list[tuple[str, Judgement]] = []
        encoder = _encoder(rows[0]) if rows else None
        for row in reversed(rows):
            said: Verdict = "right" if row.thumb == "up" else "wrong"
            source: Source = "thumb"
            if row.verdict is not None:
                said, source = _verdict(row.verdict), "verdict"
            one = _judgement(row, said, source)
            if one is not None and _encoder(row) == encoder:
                kept.append((row.conversation_id, one))
        return Collected(_weighed(kept), len(rows) - len(kept))


def verdict_in(line: bytes) -> tuple[str, str]:
    """Message id and verdict of one line of a file of verdicts. Raises JudgingError."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise JudgingError(f"no JSON in UTF-8 ({error})") from error
    if not isinstance(row, dict) or not all(
        isinstance(row.get(name), str) for name in ("message_id", "verdict")
    ):
        raise JudgingError('a row is {"message_id": "…", "verdict": "…"}')
    return row["message_id"], row["verdict"]


def _weighed(kept: Sequence[tuple[str, Judgement]]) -> tuple[Judgement, ...]:
    thumbs = Counter(talk for talk, one in kept if one.source == "thumb")
    return tuple(
        replace(one, weight=THUMB_WEIGHT / thumbs[talk]) if one.source == "thumb" else one
        for talk, one in kept
    )


def _judgement(row: Any, verdict: Verdict, source: Source) -> Judgement | None:
    """None where the reply was not chosen by its probability, or it is not known what was meant:
    a thumb on a question back or on an honest no may be about either."""
    if row.provenance is None:
        return None
    seen = Provenance.model_validate(row.provenance)
    routes = ("answer",) if source == "thumb" else ("answer", "compose", "clarify", "decline")
    if seen.none is None or not seen.ranking or seen.route not in routes:
        return None
    places = {str(item["id"]): place for place, item in enumerate(seen.ranking)}
    shown = () if seen.route == "decline" else seen.entries
    for entry in shown:
        place = places.get(entry.id)
        # Surer than its own ranking is what the visitor chose.
        if place is None or abs(entry.p - float(seen.ranking[place]["p"])) > _AS_SURE:
            return None
    if seen.route != "decline" and not shown:
        return None
    p = tuple(float(item["uncorrected"]) for item in seen.ranking)
    return Judgement(p, seen.none, tuple(places[e.id] for e in shown), verdict, source)


def _answered(row: Any) -> Answered:
    seen = Provenance.model_validate(row.provenance)
    shown = tuple(entry.id for entry in seen.entries)
    return Answered(
        row.id, row.question, seen.route, shown, seen.p, row.thumb, row.verdict, row.created_at
    )


def _encoder(row: Any) -> str | None:
    found: str | None = (row.provenance or {}).get("models", {}).get("encoder")
    return found


def _verdict(text: str) -> Verdict:
    return next(one for one in VERDICTS if one == text)
