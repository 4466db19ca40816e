"""A store on each kind of database, with a clock that tests set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge import tables  # noqa: F401 - registers the tables
from knowledge.database import metadata, open_engine
from knowledge.store import KnowledgeStore

START = datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> datetime:
        self.now += timedelta(**amount)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(any_engine: Engine, clock: Clock) -> Iterator[KnowledgeStore]:
    """An empty store, once on SQLite and once on PostgreSQL."""
    metadata.create_all(any_engine)
    made = KnowledgeStore(any_engine, clock)
    yield made
    made.close()


@pytest.fixture
def new_store(tmp_path: Path, clock: Clock) -> Iterator[Callable[[], KnowledgeStore]]:
    """Makes as many empty stores on SQLite as a test wants."""
    made: list[KnowledgeStore] = []

    def make() -> KnowledgeStore:
        engine = open_engine(f"sqlite:///{tmp_path / f'store-{len(made)}.db'}")
        metadata.create_all(engine)
        made.append(KnowledgeStore(engine, clock))
        return made[-1]

    yield make
    for one in made:
        one.close()
        one.engine.dispose()
