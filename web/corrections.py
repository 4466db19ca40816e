"""The correction of probabilities as a versioned record, as the cost matrix is one.

Every change is a new revision. Revision 0 stands for the probabilities as they were fitted, and is
stored nowhere. Undoing makes the revision before count again, as one more revision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Engine, Float, Integer, String, Table, insert, select
from sqlalchemy.exc import IntegrityError

from knowledge.database import UtcDateTime, metadata, reading, writing
from knowledge.store import utc_now
from retrieval.correction import Correction

corrections = Table(
    "corrections",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("scale", Float, nullable=False),
    Column("shift", Float, nullable=False),
    # The revision that undoing goes back to; -1 where there is none.
    Column("undo_to", Integer, nullable=False),
    Column("thumbs", Integer, nullable=False),
    Column("verdicts", Integer, nullable=False),
    Column("author", String(100), nullable=False),
    Column("note", String(500), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

_NEWEST = select(corrections.c.revision).order_by(corrections.c.revision.desc()).limit(1)


class CorrectionsError(Exception):
    """A correction that cannot be stored, used or undone; the message says why."""


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """One revision, and how many thumbs and verdicts it was fitted to."""

    revision: int
    correction: Correction
    undo_to: int
    thumbs: int = 0
    verdicts: int = 0
    author: str = "grapevine"
    note: str = "as fitted"
    at: datetime | None = None


AS_FITTED = CorrectionRecord(0, Correction(), -1)


class CorrectionStore:
    """The correction and its history in one database. Safe to call from several threads."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock
        self._last = AS_FITTED

    def current(self) -> CorrectionRecord:
        """The newest; cheap enough for every message, read only when its revision changed."""
        with reading(self._engine) as connection:
            revision = connection.scalar(_NEWEST) or 0
            if revision != self._last.revision:
                self._last = _record(connection, revision)
            return self._last

    def apply(
        self, correction: Correction, *, thumbs: int, verdicts: int, author: str, note: str = ""
    ) -> CorrectionRecord:
        """Make a correction count; one that counts already is not stored again.

        Raises CorrectionsError.
        """
        with writing(self._engine) as connection:
            newest = _record(connection, connection.scalar(_NEWEST) or 0)
            if newest.correction == correction:
                return newest
            wanted = CorrectionRecord(
                newest.revision + 1, correction, newest.revision, thumbs, verdicts, author, note
            )
            return self._store(connection, wanted)

    def undo(self, *, author: str, note: str = "") -> CorrectionRecord:
        """Make the correction before count again; done again, the one before that.

        Raises CorrectionsError where the probabilities are as fitted.
        """
        with writing(self._engine) as connection:
            newest = _record(connection, connection.scalar(_NEWEST) or 0)
            if newest.undo_to < 0:
                raise CorrectionsError("nothing to undo: the probabilities are as fitted")
            before = _record(connection, newest.undo_to)
            note = note or f"back to revision {before.revision}"
            wanted = replace(before, revision=newest.revision + 1, author=author, note=note)
            return self._store(connection, wanted)

    def history(self) -> tuple[CorrectionRecord, ...]:
        """All revisions, newest first; the last is the one as fitted."""
        statement = select(corrections).order_by(corrections.c.revision.desc())
        with reading(self._engine) as connection:
            return (*map(_read, connection.execute(statement)), AS_FITTED)

    def _store(self, connection: Connection, wanted: CorrectionRecord) -> CorrectionRecord:
        if not wanted.author.strip() or len(wanted.author) > 100 or len(wanted.note) > 500:
            raise CorrectionsError(
                "name an author in at most 100 characters; a note has at most 500"
            )
        record = replace(wanted, at=self._clock())
        values = {
            "revision": record.revision,
            "scale": record.correction.scale,
            "shift": record.correction.shift,
            "undo_to": record.undo_to,
            "thumbs": record.thumbs,
            "verdicts": record.verdicts,
            "author": record.author,
            "note": record.note,
            "at": record.at,
        }
        try:
            connection.execute(insert(corrections).values(values))
        except IntegrityError as error:
            raise CorrectionsError("someone else changed it just now; try again") from error
        return record


def _record(connection: Connection, revision: int) -> CorrectionRecord:
    if revision == 0:
        return AS_FITTED
    statement = select(corrections).where(corrections.c.revision == revision)
    return _read(connection.execute(statement).one())


def _read(row: Any) -> CorrectionRecord:
    try:
        correction = Correction(row.scale, row.shift)
    except ValueError as error:
        raise CorrectionsError(
            f"revision {row.revision} of the correction is damaged ({error}); restore the "
            "database from a backup"
        ) from error
    return CorrectionRecord(
        row.revision, correction, row.undo_to, row.thumbs, row.verdicts, row.author, row.note,
        row.at,
    )  # fmt: skip
