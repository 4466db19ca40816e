"""What changed, for those who keep a copy: the index, and whoever watches the base.

Changes carry growing numbers in the order of their commits (see :mod:`knowledge.tables`).
Entries also begin and cease to be valid by the clock alone; no row is written for that, so a
watcher hands over the time until which it has already looked.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, or_, select

from knowledge import tables as t
from knowledge.database import reading
from knowledge.rows import fetch, heads, select_heads
from knowledge.types import ChangeSet, Entry


def last_seq(connection: Connection) -> int:
    """The number of the last committed change; 0 for a new base."""
    return connection.scalar(select(t.counter.c.seq)) or 0


def answerable(connection: Connection, now: datetime) -> list[Entry]:
    """Every entry that visitors may be given at ``now``, by id."""
    r = t.revisions.c
    statement = (
        select_heads()
        .where(
            r.status == "published",
            r.deleted.is_(False),
            or_(r.valid_from.is_(None), r.valid_from <= now),
            or_(r.valid_to.is_(None), r.valid_to > now),
        )
        .order_by(t.entries.c.id)
    )
    return fetch(connection, statement)


def changes_since(
    connection: Connection, seq: int, *, since: datetime | None, now: datetime
) -> ChangeSet:
    """What was written after change ``seq``, or crossed a validity date in (since, now]."""
    statement = select(t.changes.c.entry_id).where(t.changes.c.seq > seq).distinct()
    touched = set(connection.scalars(statement))
    if since is not None:
        touched |= _crossed(connection, since, now)
    found = heads(connection, touched)
    current = sorted(found.values(), key=lambda entry: entry.id)
    return ChangeSet(
        seq=last_seq(connection),
        upserts=[entry.for_index() for entry in current if entry.answerable(now)],
        removals=[entry.id for entry in current if not entry.answerable(now)],
    )


def next_boundary(connection: Connection, now: datetime) -> datetime | None:
    """The next time after ``now`` at which a published entry begins or ceases to be valid."""
    found: list[datetime] = []
    for column in (t.revisions.c.valid_from, t.revisions.c.valid_to):
        moment = (
            select_heads()
            .with_only_columns(func.min(column))
            .where(
                t.revisions.c.status == "published", t.revisions.c.deleted.is_(False), column > now
            )
        )
        value = connection.scalar(moment)
        if value is not None:
            found.append(value)
    return min(found, default=None)


def _crossed(connection: Connection, since: datetime, now: datetime) -> set[str]:
    begins, ends = t.revisions.c.valid_from, t.revisions.c.valid_to
    statement = (
        select_heads()
        .with_only_columns(t.entries.c.id)
        .where(or_((begins > since) & (begins <= now), (ends > since) & (ends <= now)))
    )
    return set(connection.scalars(statement))


class ChangeWatch:
    """Asks over and over whether anything was written; cheap enough for every 50 ms.

    On SQLite it keeps one connection and asks ``PRAGMA data_version`` first, which reads no
    table and takes no lock; the counter is read only after some commit by another connection.
    Safe to call from several threads.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._connection: Any = None
        self._version: int | None = None
        self._seq = 0

    def poll(self) -> int:
        """The number of the last committed change."""
        if self._engine.dialect.name != "sqlite":
            return self._read()
        with self._lock:
            version = self._data_version()
            if version != self._version:
                self._seq = self._read()
                self._version = version
            return self._seq

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
                self._version = None

    def _read(self) -> int:
        with reading(self._engine) as connection:
            return last_seq(connection)

    def _data_version(self) -> int:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
            self._connection.detach()  # outside the pool: it stays open as long as the watch
        cursor = self._connection.cursor()
        try:
            return int(cursor.execute("PRAGMA data_version").fetchone()[0])
        finally:
            cursor.close()
