"""What every Retriever has to keep. Inherit the class and give it a loaded, empty ``retriever``."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from retrieval.types import Entry, Lang, Retriever


def pair(
    entry_id: str, question: str, lang: Lang = "en", revision: int = 1, of: str | None = None
) -> Entry:
    return Entry(entry_id, revision, lang, question, f"About: {question}", translation_of=of)


RESET = pair("reset", "How do I reset my router?")
CANCEL = pair("cancel", "How do I cancel my mobile contract?")
BILL = pair("bill", "Why is my bill higher than last month?")
RESET_ZH = pair("zh-reset", "怎么重置路由器？", "zh", of="reset")
BASE = (RESET, CANCEL, BILL, RESET_ZH)
STRANGE = ("", "   ", "🙂🙂", "\x00\u202e\u200b", "a" * 50_000, "？！", "<script>alert(1)</script>")


class RetrieverSuite:
    """Subclasses provide the fixture ``retriever``."""

    def test_an_empty_index_answers_with_nothing(self, retriever: Retriever) -> None:
        evidence = retriever.search("how do i reset my router")
        assert evidence.ranked == ()
        assert retriever.check([]).ok

    def test_the_entry_asked_for_comes_first(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        for entry in (RESET, CANCEL, BILL, RESET_ZH):
            evidence = retriever.search(entry.question)
            assert evidence.ranked[0].entry_id == entry.id
            assert evidence.lang == entry.lang

    def test_probabilities_are_a_share_of_one(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        for text in ("reset router", "my phone contract", "what is the weather", *STRANGE):
            shares = [ranked.p for ranked in retriever.search(text).ranked]
            assert all(0.0 <= p <= 1.0 for p in shares)
            assert sum(shares) <= 1.0 + 1e-9
            assert shares == sorted(shares, reverse=True)

    def test_an_edit_is_seen_by_the_next_search(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        edited = replace(BILL, revision=2, question="Where do I see my data usage?")
        retriever.upsert([edited])
        top = retriever.search("Where do I see my data usage?").ranked[0]
        assert (top.entry_id, top.revision) == ("bill", 2)
        assert retriever.check([RESET, CANCEL, edited, RESET_ZH]).ok

    def test_an_older_revision_never_comes_back(self, retriever: Retriever) -> None:
        edited = replace(BILL, revision=3, question="Where do I see my data usage?")
        retriever.replace_all([RESET, edited])
        retriever.upsert([replace(BILL, revision=2)])
        ranked = {r.entry_id: r.revision for r in retriever.search(BILL.question).ranked}
        assert ranked["bill"] == 3

    def test_a_removed_entry_is_gone_and_can_come_back(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        retriever.remove(["cancel", "never-there"])
        assert "cancel" not in {r.entry_id for r in retriever.search(CANCEL.question).ranked}
        retriever.upsert([CANCEL])
        assert retriever.search(CANCEL.question).ranked[0].entry_id == "cancel"

    def test_replace_all_leaves_exactly_what_it_was_given(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        retriever.replace_all([CANCEL])
        assert [r.entry_id for r in retriever.search(RESET.question).ranked] == ["cancel"]
        assert retriever.check([CANCEL]).ok

    def test_the_check_names_what_is_wrong(self, retriever: Retriever) -> None:
        retriever.replace_all([RESET, CANCEL])
        found = retriever.check([replace(RESET, revision=2), BILL])
        assert (found.missing, found.stale, found.unknown) == (("bill",), ("reset",), ("cancel",))
        assert found.entries == 2
        assert not found.ok

    def test_the_visitors_language_comes_before_its_translation(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        for text, first in ((RESET.question, "reset"), (RESET_ZH.question, "zh-reset")):
            ids = [r.entry_id for r in retriever.search(text).ranked]
            other = {"reset": "zh-reset", "zh-reset": "reset"}[first]
            assert ids[0] == first
            assert other not in ids or ids.index(first) < ids.index(other)

    def test_the_other_language_is_kept_where_it_alone_answers(self, retriever: Retriever) -> None:
        retriever.replace_all([CANCEL, BILL, RESET_ZH])
        evidence = retriever.search("reset 路由器 please", lang="en")
        assert "zh-reset" in {r.entry_id for r in evidence.ranked}

    def test_a_turn_that_leans_on_history_is_completed(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        evidence = retriever.search("and my router?", history=["how do i reset my phone"])
        assert "reset" in evidence.query
        assert evidence.text == "and my router?"
        assert evidence.ranked[0].entry_id == "reset"

    def test_the_limit_is_kept(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        assert len(retriever.search("router", limit=2).ranked) == 2

    @pytest.mark.parametrize("text", STRANGE)
    def test_strange_texts_do_not_break_it(self, retriever: Retriever, text: str) -> None:
        retriever.replace_all(BASE)
        evidence = retriever.search(text, history=[text, "router"])
        assert evidence.text == text

    def test_near_duplicates_share_the_probability(self, retriever: Retriever) -> None:
        twin = replace(RESET, id="reset-2")
        retriever.replace_all([RESET, twin, CANCEL])
        first, second = retriever.search(RESET.question).ranked[:2]
        assert {first.entry_id, second.entry_id} == {"reset", "reset-2"}
        assert first.p == pytest.approx(second.p, abs=1e-6)

    def test_a_snapshot_can_be_taken(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        retriever.snapshot()
        assert retriever.check(BASE).ok

    def test_searches_during_edits_see_one_state_or_the_other(self, retriever: Retriever) -> None:
        retriever.replace_all(BASE)
        stop = threading.Event()
        revisions: list[int] = []

        def read() -> None:
            while not stop.is_set():
                for ranked in retriever.search(BILL.question).ranked:
                    if ranked.entry_id == "bill":
                        revisions.append(ranked.revision)

        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(read) for _ in range(2)]
            seen_after: list[bool] = []
            for revision in range(2, 12):
                retriever.upsert([replace(BILL, revision=revision)])
                now = {r.entry_id: r.revision for r in retriever.search(BILL.question).ranked}
                seen_after.append(now["bill"] == revision)
            stop.set()
            for reader in readers:
                reader.result()
        assert all(seen_after)
        assert set(revisions) <= set(range(1, 12))
