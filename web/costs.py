"""The cost matrix as a versioned record: what each route costs in each state of the world.

It is a record and no training setting, so that an edit counts from the next message on. Every
change is a new revision with its author and a note; going back is one more revision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, Column, Connection, Engine, Integer, String, Table, insert, select
from sqlalchemy.exc import IntegrityError

from bot.routing import DEFAULT_COSTS, ROUTES, STATES, CostMatrix, RoutingError
from knowledge.database import UtcDateTime, metadata, reading, writing
from knowledge.store import utc_now

cost_matrices = Table(
    "cost_matrices",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("matrix", JSON, nullable=False),
    Column("author", String(100), nullable=False),
    Column("note", String(500), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

_NEWEST = select(cost_matrices.c.revision).order_by(cost_matrices.c.revision.desc()).limit(1)
_SEED_AUTHOR = "grapevine"
_SEED_NOTE = "the costs that the product comes with"


class CostsError(Exception):
    """A cost, route, state or revision that cannot be used; the message says what can."""


@dataclass(frozen=True, slots=True)
class CostRecord:
    """One revision of the cost matrix."""

    costs: CostMatrix
    author: str
    note: str
    at: datetime


class CostStore:
    """The cost matrix and its history in one database. Safe to call from several threads."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._clock = clock
        self._last: CostMatrix | None = None

    def current(self) -> CostMatrix:
        """The newest matrix; the product's own is stored first where there is none.

        Cheap enough for every message: the matrix is read only when its revision changed.
        """
        with reading(self._engine) as connection:
            revision = connection.scalar(_NEWEST)
            last = self._last
            if last is not None and last.revision == revision:
                return last
            record = _record(connection, revision) if revision is not None else None
        if record is None:
            record = self._seed()
        self._last = record.costs
        return record.costs

    def set(
        self, route: str, state: str, value: float, *, author: str, note: str = ""
    ) -> CostRecord:
        """Change one cost; without a difference nothing is written. Raises CostsError."""
        if route not in ROUTES:
            raise CostsError(f"there is no route {route!r}; use one of {', '.join(ROUTES)}")
        if state not in STATES:
            raise CostsError(f"there is no state {state!r}; use one of {', '.join(STATES)}")
        self.current()
        with writing(self._engine) as connection:
            newest = _newest(connection)
            matrix = {name: dict(row) for name, row in newest.costs.matrix.items()}
            matrix[route][state] = value
            return self._append(connection, newest, matrix, author, note)

    def replace(
        self, matrix: Mapping[str, Mapping[str, float]], *, author: str, note: str = ""
    ) -> CostRecord:
        """Put a whole matrix in place of the newest. Raises CostsError."""
        self.current()
        with writing(self._engine) as connection:
            return self._append(connection, _newest(connection), matrix, author, note)

    def revert(self, revision: int, *, author: str, note: str = "") -> CostRecord:
        """Make an older matrix the newest. Raises CostsError where there is no such revision."""
        self.current()
        with writing(self._engine) as connection:
            newest = _newest(connection)
            old = _record(connection, revision)
            if old is None:
                raise CostsError(
                    f"there is no revision {revision}; there are 1 to {newest.costs.revision}"
                )
            note = note or f"back to revision {revision}"
            return self._append(connection, newest, old.costs.matrix, author, note)

    def history(self) -> tuple[CostRecord, ...]:
        """All revisions, newest first."""
        self.current()
        statement = select(cost_matrices.c.revision).order_by(cost_matrices.c.revision.desc())
        with reading(self._engine) as connection:
            found = [_record(connection, number) for number in connection.scalars(statement)]
        return tuple(record for record in found if record is not None)

    def _append(
        self,
        connection: Connection,
        newest: CostRecord,
        matrix: Mapping[str, Mapping[str, float]],
        author: str,
        note: str,
    ) -> CostRecord:
        try:
            costs = CostMatrix.from_dict({"revision": newest.costs.revision + 1, "matrix": matrix})
        except RoutingError as error:
            raise CostsError(str(error)) from error
        if costs.matrix == newest.costs.matrix:
            return newest
        if not author.strip() or len(author) > 100 or len(note) > 500:
            raise CostsError("name an author in at most 100 characters; a note has at most 500")
        record = CostRecord(costs, author, note, self._clock())
        try:
            _store(connection, record)
        except IntegrityError as error:
            raise CostsError("someone else changed the costs just now; try again") from error
        return record

    def _seed(self) -> CostRecord:
        costs = CostMatrix(1, DEFAULT_COSTS.matrix)
        record = CostRecord(costs, _SEED_AUTHOR, _SEED_NOTE, self._clock())
        try:
            with writing(self._engine) as connection:
                _store(connection, record)
        except IntegrityError:  # another process was first
            with reading(self._engine) as connection:
                return _newest(connection)
        return record


def _store(connection: Connection, record: CostRecord) -> None:
    connection.execute(
        insert(cost_matrices).values(
            revision=record.costs.revision,
            matrix=record.costs.to_dict()["matrix"],
            author=record.author,
            note=record.note,
            at=record.at,
        )
    )


def _newest(connection: Connection) -> CostRecord:
    record = _record(connection, connection.scalar(_NEWEST))
    if record is None:
        raise CostsError("the cost matrix is gone from the database; restore the database")
    return record


def _record(connection: Connection, revision: int | None) -> CostRecord | None:
    statement = select(cost_matrices).where(cost_matrices.c.revision == revision)
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    try:
        costs = CostMatrix.from_dict({"revision": row.revision, "matrix": row.matrix})
    except RoutingError as error:
        raise CostsError(
            f"revision {row.revision} of the cost matrix is damaged ({error}); "
            "restore the database from a backup"
        ) from error
    return CostRecord(costs, row.author, row.note, row.at)
