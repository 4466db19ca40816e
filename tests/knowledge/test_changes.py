"""What a watcher of the base sees: numbers, upserts, removals and validity dates."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from knowledge.changes import ChangeWatch
from knowledge.store import KnowledgeStore
from knowledge.types import EntryContent
from tests.knowledge.conftest import START, Clock

DAY = timedelta(days=1)
LIVE = EntryContent(lang="en", question="Q?", answer="A.", status="published")


def test_changes_are_numbered_and_tell_what_to_do(store: KnowledgeStore) -> None:
    assert store.last_change() == 0
    assert store.changes_since(0) == (0, [], [])
    one = store.create(LIVE, author="kim", entry_id="one")
    store.create(replace(LIVE, status="draft"), author="kim", entry_id="two")
    seq, upserts, removals = store.changes_since(0)
    assert (seq, upserts, removals) == (2, [one.for_index()], ["two"])
    assert store.last_change() == 2
    edited = store.edit("one", author="kim", answer="B.")
    assert store.changes_since(2) == (3, [edited.for_index()], [])
    store.set_status("one", "disabled", author="kim")
    store.delete("two", author="kim")
    assert store.changes_since(3) == (5, [], ["one", "two"])
    assert store.changes_since(5) == (5, [], [])
    assert store.snapshot() == (5, [], [])


def test_entries_begin_and_end_by_the_clock(store: KnowledgeStore, clock: Clock) -> None:
    timed = replace(LIVE, valid_from=START + DAY, valid_to=START + 2 * DAY)
    entry = store.create(timed, author="kim")
    seq = store.last_change()
    assert store.published() == []
    assert store.changes_since(0).removals == [entry.id]
    assert store.next_boundary() == START + DAY
    looked = clock.now
    now = clock.advance(days=1)
    assert store.published() == [entry.for_index()]
    assert store.changes_since(seq, since=looked) == (seq, [entry.for_index()], [])
    assert store.changes_since(seq, since=now) == (seq, [], [])
    assert store.next_boundary() == START + 2 * DAY
    clock.advance(days=1)
    assert store.published() == []
    assert store.changes_since(seq, since=now) == (seq, [], [entry.id])
    assert store.next_boundary() is None


def test_a_watch_sees_writes_of_other_connections_at_once(store: KnowledgeStore) -> None:
    watch = ChangeWatch(store.engine)
    try:
        for expected in range(1, 6):
            store.create(LIVE, author="kim")
            assert watch.poll() == expected
            assert watch.poll() == expected
    finally:
        watch.close()
    assert watch.poll() == 5
    watch.close()


@pytest.mark.parametrize("writers", [4])
def test_no_watcher_misses_a_change_of_concurrent_writers(
    store: KnowledgeStore, writers: int
) -> None:
    """Numbers become visible in their order: having seen n, nobody finds a lower one later."""
    done = threading.Event()
    errors: list[BaseException] = []

    def write(name: int) -> None:
        try:
            for number in range(10):
                store.create(LIVE, author="kim", entry_id=f"w{name}-{number}")
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(writers)]
    for thread in threads:
        thread.start()
    seen: set[str] = set()
    seq = 0
    while not done.is_set():
        if not any(thread.is_alive() for thread in threads):
            done.set()
        seq, upserts, _ = store.changes_since(seq)
        seen |= {entry.id for entry in upserts}
    assert not errors
    assert seq == writers * 10
    assert len(seen) == writers * 10
