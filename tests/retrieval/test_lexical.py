from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lexical import LexicalIndex

WORDS = st.lists(st.sampled_from(["fibre", "sim", "router", "bill", "move"]), max_size=6)


def test_the_rarer_word_weighs_more() -> None:
    index = LexicalIndex()
    for number in range(9):
        index.add(f"common-{number}", ["router", "light"])
    index.add("rare", ["router", "zebra"])
    assert index.search(["router", "zebra"], 3)[0][0] == "rare"
    assert index.idf("zebra") > index.idf("router") > 0
    assert index.idf("unheard") > index.idf("zebra")


def test_scores_stay_below_the_best_possible() -> None:
    index = LexicalIndex()
    index.add("a", ["router"] * 50)
    index.add("b", ["sim"])
    ((_, score),) = index.search(["router"], 5)
    assert 0 < score <= index.best_possible(["router"])


def test_words_that_a_crowd_of_documents_holds_are_passed_over() -> None:
    index = LexicalIndex()
    for number in range(2_100):
        index.add(f"d{number}", ["router", f"word-{number}"])
    assert index.search(["router"], 5) == []
    assert [key for key, _ in index.search(["router", "word-7"], 5)] == ["d7"]


def _after(
    edits: list[tuple[str, list[str] | None]],
) -> tuple[LexicalIndex, dict[str, list[str]]]:
    """An index after edits, and what it should then hold."""
    index, state = LexicalIndex(), {}
    for key, words in edits:
        if words is None:
            index.remove(key)
            state.pop(key, None)
        else:
            index.add(key, words)
            state[key] = words
    return index, state


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.none() | WORDS), max_size=30))
def test_edits_leave_what_a_fresh_index_would_hold(
    edits: list[tuple[str, list[str] | None]],
) -> None:
    edited, state = _after(edits)
    fresh = LexicalIndex()
    for key, words in state.items():
        fresh.add(key, words)
    for word in ("fibre", "sim", "router"):
        assert edited.search([word], 10) == fresh.search([word], 10)
    assert len(edited) == len(state)


def test_frequent_words_count_for_the_best_where_postings_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index = LexicalIndex()
    for number in range(300):
        common = ["router", "light"] if number % 2 else ["router"]
        index.add(f"d{number}", [*common, f"word-{number // 10}"])
    whole = index.search(["word-7", "light", "router"], 5)
    monkeypatch.setattr("retrieval.lexical._MOST_POSTINGS", 20)
    again = index.search(["word-7", "light", "router"], 5)
    assert dict(again) == pytest.approx(dict(whole))
    assert [key for key, _ in whole] == ["d71", "d73", "d75", "d77", "d79"]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.none() | WORDS), max_size=60),
    st.sets(st.sampled_from(["fibre", "sim", "router", "bill", "move", "unheard"])),
)
def test_a_document_scores_as_the_formula_says(
    edits: list[tuple[str, list[str] | None]], asked: set[str]
) -> None:
    index, state = _after(edits)
    mean = sum(map(len, state.values())) / len(state) if state else 1.0
    wanted = {}
    for key, words in state.items():
        length = 0.5 + 0.5 * len(words) / mean if mean else 1.0
        parts = [
            index.idf(word) * 2.2 * count / (count + 1.2 * length)
            for word in asked
            if (count := words.count(word))
        ]
        wanted[key] = sum(parts)
    found = index.score(sorted(asked), [*state, "never"])
    assert found == pytest.approx([*wanted.values(), 0.0])
    best = sorted(((-score, key) for key, score in wanted.items() if score))[:3]
    ranked = index.search(asked, 3)
    assert [score for _, score in ranked] == pytest.approx([-score for score, _ in best])


def test_postings_of_the_removed_are_cleared_away() -> None:
    index = LexicalIndex()
    for number in range(5_000):
        index.add("edited", ["router", f"word-{number % 3}"])
    index.add("other", ["router"])
    assert len(index) == 2
    assert max(len(word.documents) for word in index._words) < 200
    assert {key for key, _ in index.search(["router"], 5)} == {"edited", "other"}
