from __future__ import annotations

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


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.none() | WORDS), max_size=30))
def test_edits_leave_what_a_fresh_index_would_hold(
    edits: list[tuple[str, list[str] | None]],
) -> None:
    edited, state = LexicalIndex(), {}
    for key, words in edits:
        if words is None:
            edited.remove(key)
            state.pop(key, None)
        else:
            edited.add(key, words)
            state[key] = words
    fresh = LexicalIndex()
    for key, words in state.items():
        fresh.add(key, words)
    for word in ("fibre", "sim", "router"):
        assert edited.search([word], 10) == fresh.search([word], 10)
    assert len(edited) == len(state)
