"""Snapshots of conversations on disk: one SQLite file, appended to after every turn."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.errors import JournalError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    conversation TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (conversation, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_at ON events (at);
"""


class Journal:
    """The events of every conversation as JSON texts, in order.

    A turn is one transaction: after a kill, a conversation holds whole turns only. WAL with
    ``synchronous=NORMAL`` keeps what was committed when the process dies, and may lose the last
    turns only when the machine loses power.

    Args:
        folder: made where missing. Raises JournalError where it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "conversations.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
            self._db.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=3000;"
                + _SCHEMA
            )
        except (OSError, sqlite3.Error) as error:
            raise JournalError(
                f"cannot keep conversations in {path}: {error}; check that the folder named by "
                "GRAPEVINE_BOT_STATE exists, is writable and has space, or delete the file if it "
                "is damaged"
            ) from error

    def read(self, conversation: str) -> list[str]:
        """The stored events of ``conversation``, oldest first."""
        rows = self._db.execute(
            "SELECT event FROM events WHERE conversation = ? ORDER BY seq", (conversation,)
        )
        return [row[0] for row in rows]

    def append(self, conversation: str, first_seq: int, events: Sequence[str]) -> None:
        """Add ``events`` as numbers ``first_seq`` and on; all of them or none."""
        now = time.time()
        self._in_transaction(
            [
                (
                    "INSERT INTO events VALUES (?, ?, ?, ?)",
                    [(conversation, first_seq + i, e, now) for i, e in enumerate(events)],
                )
            ]
        )

    def replace(self, conversation: str, events: Sequence[str]) -> None:
        """Put ``events`` in place of all that is stored of ``conversation``."""
        now = time.time()
        self._in_transaction(
            [
                ("DELETE FROM events WHERE conversation = ?", [(conversation,)]),
                (
                    "INSERT INTO events VALUES (?, ?, ?, ?)",
                    [(conversation, i, e, now) for i, e in enumerate(events)],
                ),
            ]
        )

    def forget(self, conversation: str) -> None:
        """Delete ``conversation``."""
        self.replace(conversation, ())

    def forget_before(self, timestamp: float) -> None:
        """Delete every conversation whose last event is older than ``timestamp`` (seconds)."""
        self._db.execute(
            "DELETE FROM events WHERE conversation IN "
            "(SELECT conversation FROM events GROUP BY conversation HAVING max(at) < ?)",
            (timestamp,),
        )

    def conversations(self) -> list[str]:
        """The ids of all stored conversations."""
        return [row[0] for row in self._db.execute("SELECT DISTINCT conversation FROM events")]

    def close(self) -> None:
        self._db.close()

    def _in_transaction(self, work: Iterable[tuple[str, list[tuple[object, ...]]]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for sql, rows in work:
                self._db.executemany(sql, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise
