"""Tries to look up an order, counted in the database so that a restart does not forget them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Column, Engine, Float, Index, Integer, String, Table, delete, func, select

from knowledge.database import metadata

order_attempts = Table(
    "order_attempts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(200), nullable=False),
    Column("order_number", String(32), nullable=False),
    # Seconds since the epoch; only failed tries stay in the table.
    Column("at", Float, nullable=False),
    Index("ix_order_attempts_conversation_id", "conversation_id"),
    Index("ix_order_attempts_order_number", "order_number"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many failed tries are borne, and for how many seconds each is remembered."""

    per_conversation: int = 5
    per_order: int = 10
    window_s: float = 900.0


class Attempts:
    """Counts failed tries by conversation and by order number.

    A try is written down before it is judged and taken back if it was right. Two tries at once
    can therefore never both pass under the limit.
    """

    def __init__(
        self, engine: Engine, limits: Limits, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._clock = clock

    def begin(self, conversation_id: str, order_number: str) -> tuple[int | None, float]:
        """Write a try down: (its id, 0), or (None, seconds to wait) where it is one too many."""
        now = self._clock()
        since = now - self._limits.window_s
        t = order_attempts
        with self._engine.begin() as db:
            db.execute(delete(t).where(t.c.at <= since))
            attempt = db.execute(
                t.insert()
                .values(conversation_id=conversation_id, order_number=order_number, at=now)
                .returning(t.c.id)
            ).scalar_one()
            for column, value, most in (
                (t.c.conversation_id, conversation_id, self._limits.per_conversation),
                (t.c.order_number, order_number, self._limits.per_order),
            ):
                found = db.execute(select(func.count(), func.min(t.c.at)).where(column == value))
                count, oldest = found.one()
                if count > most:
                    # Not kept: knocking on a closed door does not keep it closed for longer.
                    db.execute(delete(t).where(t.c.id == attempt))
                    return None, max(0.0, oldest + self._limits.window_s - now)
        return attempt, 0.0

    def take_back(self, attempt: int) -> None:
        """The try was right and does not count."""
        with self._engine.begin() as db:
            db.execute(delete(order_attempts).where(order_attempts.c.id == attempt))
