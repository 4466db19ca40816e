"""How the index hears of a write: by notice, by asking, by the clock; each with the others off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

import web.indexing
from knowledge.database import open_engine
from knowledge.notice import ChangeListener
from knowledge.store import KnowledgeStore, utc_now
from knowledge.types import EntryContent
from tests.web.gateway_world import WordRetriever, wait_for
from web.entrybook import EntryBook
from web.indexing import Indexer
from web.migrations import upgrade

NEVER_S = 3600.0

Follow = Callable[[ChangeListener], WordRetriever]


@pytest.fixture
def engine(empty_postgres_url: str) -> Iterator[Engine]:
    made = open_engine(empty_postgres_url)
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def follow(engine: Engine) -> Iterator[Follow]:
    """Starts an indexer that is ready, and gives what it fills."""
    started: list[Indexer] = []

    def make(listener: ChangeListener) -> WordRetriever:
        retriever = WordRetriever()
        store = KnowledgeStore(engine)
        started.append(Indexer(store, retriever, EntryBook(), listener=listener))
        started[-1].start()
        wait_for(lambda: started[-1].missing is None)
        return retriever

    yield make
    for one in started:
        one.close()


def content(**fields: object) -> EntryContent:
    return EntryContent(
        lang="en", question="Is it so?", answer="Yes.", status="published", **fields  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_notice_is_enough(
    engine: Engine, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.indexing, "_POLL_HEARING_S", NEVER_S)
    listener = ChangeListener(engine)
    retriever, store = follow(listener), KnowledgeStore(engine)
    wait_for(lambda: listener.hearing)
    entry = store.create(content(), author="kim")
    wait_for(lambda: entry.id in retriever.entries)
    store.edit(entry.id, author="kim", answer="No.")
    wait_for(lambda: retriever.entries[entry.id].revision == 2)
    store.delete(entry.id, author="kim")
    wait_for(lambda: not retriever.entries)


def test_without_a_listening_connection_the_base_is_asked(
    engine: Engine, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.indexing, "_POLL_HEARING_S", NEVER_S)
    nowhere = ChangeListener(open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    retriever = follow(nowhere)
    entry = KnowledgeStore(engine).create(content(), author="kim")
    wait_for(lambda: entry.id in retriever.entries)
    assert not nowhere.hearing


def test_an_entry_becomes_valid_without_any_notice(
    engine: Engine, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.indexing, "_POLL_HEARING_S", NEVER_S)
    listener = ChangeListener(engine)
    retriever, store = follow(listener), KnowledgeStore(engine)
    wait_for(lambda: listener.hearing)
    begins = utc_now() + timedelta(seconds=3)
    later = store.create(content(valid_from=begins), author="kim", entry_id="later")
    wait_for(lambda: later.id in retriever.entries)
    assert utc_now() >= begins
