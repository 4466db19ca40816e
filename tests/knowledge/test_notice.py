"""Notices on a real PostgreSQL: after the commit, to all, and again after a lost connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text

from knowledge import tables  # noqa: F401 - registers the tables
from knowledge.database import metadata, open_engine, writing
from knowledge.notice import APPLICATION, ChangeListener, notify
from knowledge.store import KnowledgeStore
from knowledge.types import EntryContent

#: Longer than anything here takes; nothing is measured by it.
PATIENCE_S = 30


class Ear:
    """Counts what a listener hears."""

    def __init__(self, engine: Engine) -> None:
        self.heard = threading.Semaphore(0)
        self.listener = ChangeListener(engine, probe_s=0.1)
        self.listener.start(self.heard.release)

    def hears(self, within_s: float = PATIENCE_S) -> bool:
        return self.heard.acquire(timeout=within_s)


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    made = open_engine(postgres_url)
    metadata.drop_all(made)
    metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def ear(engine: Engine) -> Iterator[Callable[[], Ear]]:
    """Makes listeners that hear already."""
    made: list[Ear] = []

    def make() -> Ear:
        made.append(Ear(engine))
        assert made[-1].hears(), "the call at the start of listening"
        return made[-1]

    yield make
    for one in made:
        one.listener.close()


def content(question: str) -> EntryContent:
    return EntryContent(lang="en", question=question, answer="Yes.", status="published")


def test_every_listener_hears_of_every_kind_of_write(
    engine: Engine, ear: Callable[[], Ear]
) -> None:
    ears, store = (ear(), ear()), KnowledgeStore(engine)
    entry = store.create(content("Is it so?"), author="kim")
    assert all(one.hears() for one in ears)
    store.edit(entry.id, author="kim", answer="No.")
    assert all(one.hears() for one in ears)
    store.delete(entry.id, author="kim")
    assert all(one.hears() for one in ears)


def test_a_write_that_is_rolled_back_is_not_heard_of(
    engine: Engine, ear: Callable[[], Ear]
) -> None:
    one = ear()
    with engine.connect() as connection:
        notify(connection)
        connection.rollback()
    with writing(engine) as connection:
        notify(connection)
    assert one.hears()
    assert not one.heard.acquire(blocking=False)


def test_a_lost_connection_is_made_again_and_says_so_once(
    engine: Engine, ear: Callable[[], Ear]
) -> None:
    one = ear()
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = :name AND datname = current_database()"
            ),
            {"name": APPLICATION},
        )
    assert one.hears(), "of what may have been written meanwhile"
    assert one.listener.hearing
    KnowledgeStore(engine).create(content("Still there?"), author="kim")
    assert one.hears()


def test_a_server_that_cannot_be_reached_stops_nothing() -> None:
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    listener = ChangeListener(engine)
    listener.start(lambda: None)
    assert not listener.hearing
    listener.close()
    assert not listener._thread.is_alive()


def test_other_databases_are_not_told(sqlite_engine: Engine) -> None:
    with writing(sqlite_engine) as connection:
        notify(connection)
