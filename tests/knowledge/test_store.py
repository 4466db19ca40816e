"""The store on SQLite and PostgreSQL: writes, history, conflicts, lists."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from knowledge.errors import EntryExists, EntryNotFound, InvalidEntry, RevisionConflict
from knowledge.store import KnowledgeStore
from knowledge.types import EntryContent, EntryFilter, EvidenceLink
from tests.knowledge.conftest import START, Clock

RESET = EntryContent(
    lang="en",
    question="How do I reset my router?",
    answer="Hold the button for ten seconds.",
    alternatives=("router reset", "factory reset of the box"),
    topic="router",
    evidence=(EvidenceLink("post", "p1", "https://example.org/1", "asked often"),),
)


def test_a_new_entry_is_read_back_whole(store: KnowledgeStore) -> None:
    made = store.create(RESET, author="kim")
    assert made.id == "how-do-i-reset-my-router"
    assert (made.revision, made.author, made.action) == (1, "kim", "create")
    assert made.created_at == made.updated_at == START
    assert store.get(made.id) == made
    assert made.content == RESET


def test_ids_are_made_from_questions_of_any_script_and_stay_unique(store: KnowledgeStore) -> None:
    ids = [store.create(RESET, author="kim").id for _ in range(3)]
    assert ids == [f"how-do-i-reset-my-router{end}" for end in ("", "-2", "-3")]
    chinese = store.create(replace(RESET, lang="zh", question="如何重置路由器?"), author="kim")
    assert chinese.id == "如何重置路由器"
    assert store.create(replace(RESET, question="???"), author="kim").id == "entry"
    with pytest.raises(EntryExists, match="choose another id"):
        store.create(RESET, author="kim", entry_id="entry")


def test_every_edit_is_a_revision_and_old_ones_come_back(
    store: KnowledgeStore, clock: Clock
) -> None:
    first = store.create(RESET, author="kim")
    clock.advance(hours=1)
    second = store.edit(first.id, author="lee", base_revision=1, answer="Thirty seconds.")
    third = store.edit(first.id, author="lee", topic=None, evidence=())
    assert [entry.revision for entry in (first, second, third)] == [1, 2, 3]
    assert second.updated_at == START + timedelta(hours=1)
    assert second.created_at == START
    assert store.history(first.id) == (third, second, first)
    undone = store.restore(first.id, author="kim")
    assert (undone.revision, undone.action, undone.content) == (4, "restore", second.content)
    back = store.restore(first.id, 1, author="kim")
    assert back.content == RESET
    assert back.evidence == RESET.evidence
    with pytest.raises(EntryNotFound, match="no revision 9"):
        store.restore(first.id, 9, author="kim")


def test_an_edit_that_changes_nothing_writes_nothing(store: KnowledgeStore) -> None:
    made = store.create(RESET, author="kim")
    before = store.last_change()
    assert store.edit(made.id, author="lee", answer=RESET.answer) == made
    assert store.last_change() == before


def test_a_stale_edit_is_refused(store: KnowledgeStore) -> None:
    made = store.create(RESET, author="kim")
    store.edit(made.id, author="lee", base_revision=1, answer="A.")
    with pytest.raises(RevisionConflict, match="revision 2, not 1") as caught:
        store.edit(made.id, author="kim", base_revision=1, answer="B.")
    assert caught.value.current == 2
    assert store.get(made.id).answer == "A."


def test_of_concurrent_edits_of_one_revision_exactly_one_wins(store: KnowledgeStore) -> None:
    made = store.create(RESET, author="kim")
    outcomes: list[str] = []

    def edit(name: str) -> None:
        try:
            store.edit(made.id, author=name, base_revision=1, answer=name)
            outcomes.append("won")
        except RevisionConflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=edit, args=(f"author {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 5 + ["won"]
    assert len(store.history(made.id)) == 2


def test_deleted_entries_are_gone_and_come_back(store: KnowledgeStore) -> None:
    made = store.create(replace(RESET, status="published"), author="kim")
    store.delete(made.id, author="lee")
    with pytest.raises(EntryNotFound, match="restore it first"):
        store.get(made.id)
    with pytest.raises(EntryNotFound, match="restore it first"):
        store.edit(made.id, author="lee", answer="x")
    assert store.get(made.id, deleted=True).deleted
    assert store.published() == []
    assert store.list().total == 0
    assert store.list(EntryFilter(deleted=True)).total == 1
    assert store.restore(made.id, author="kim").content == made.content
    assert [entry.id for entry in store.published()] == [made.id]


def test_bad_content_is_refused_with_every_problem_named(store: KnowledgeStore) -> None:
    bad = replace(
        RESET,
        lang="fr",  # type: ignore[arg-type]
        question=" ",
        answer="bell\a",
        alternatives=("x" * 1001,),
        translation_of="me",
        valid_from=START,
        valid_to=START,
        evidence=(EvidenceLink("post", "p1", "javascript:alert(1)"),),
    )
    with pytest.raises(InvalidEntry) as caught:
        store.create(bad, author="kim", entry_id="me")
    assert {problem.field for problem in caught.value.problems} == {
        "lang", "question", "answer", "alternatives", "translation_of", "valid_to", "evidence",
    }  # fmt: skip
    assert "'fr' is not known; use one of en, zh" in str(caught.value)
    assert "U+0007" in str(caught.value)
    assert store.list().total == 0


@pytest.mark.parametrize("entry_id", ["", " a", "a\n", "a\tb", "x" * 201, "\ud800"])
def test_bad_ids_are_refused(new_store: Callable[[], KnowledgeStore], entry_id: str) -> None:
    with pytest.raises(InvalidEntry, match="id: "):
        new_store().create(RESET, author="kim", entry_id=entry_id)


def test_lists_filter_search_order_and_page(store: KnowledgeStore, clock: Clock) -> None:
    for number in range(7):
        clock.advance(minutes=1)
        store.create(
            replace(RESET, question=f"Question {number}?", topic=f"t{number % 2}", alternatives=()),
            author="kim",
            entry_id=f"q{number}",
        )
    zh = replace(RESET, lang="zh", question="怎么付账单?", alternatives=('交 100% "话费"',))
    store.create(zh, author="kim", entry_id="zh")
    page = store.list(EntryFilter(topic="t0"), order="updated", offset=1, limit=2)
    assert ([entry.id for entry in page.items], page.total) == (["q4", "q2"], 4)
    assert [e.id for e in store.list(EntryFilter(lang="zh")).items] == ["zh"]
    for text in ("话费", '100% "话', "QUESTION 3", "q3", "账单"):
        assert store.list(EntryFilter(text=text)).total == 1, text
    assert store.list(EntryFilter(text="%")).total == 1
    assert store.list(EntryFilter(text="_")).total == 0
    assert store.list(EntryFilter(status="published")).total == 0


def test_warnings_name_missing_targets_and_twins(store: KnowledgeStore) -> None:
    made = store.create(RESET, author="kim")
    twin = replace(RESET, question="how do i RESET my router")
    assert store.warnings(twin) == (f"the same question is asked by {made.id}",)
    assert store.warnings(twin, made.id) == ()
    assert "does not exist" in store.warnings(replace(RESET, question="a", translation_of="no"))[0]
    same = replace(RESET, question="a", translation_of=made.id)
    assert "same language" in store.warnings(same)[0]


def test_stats_count_by_status_language_and_topic(store: KnowledgeStore) -> None:
    store.create(RESET, author="kim")
    store.create(replace(RESET, lang="zh", status="published", topic=None), author="kim")
    store.delete(store.create(RESET, author="kim").id, author="kim")
    assert store.stats() == {
        "status": {"draft": 1, "published": 1},
        "lang": {"en": 1, "zh": 1},
        "topic": {"": 1, "router": 1},
        "deleted": {"deleted": 1},
    }
