"""What earlier turns found, remembered and searched again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from retrieval.earlier import Memory
from retrieval.turns import BESIDE
from retrieval.types import Ranked
from tests.retrieval.conftest import SMALL_BASE, small_retriever

HISTORY = ("how do i cancel my broadband contract",)


def _ranked(**p: float) -> list[Ranked]:
    return [Ranked(key, 1, "en", p=value, score=0.0) for key, value in p.items()]


def test_a_turn_is_known_by_itself_and_the_two_before_it() -> None:
    memory = Memory()
    found = memory.put(["a", "b", "c", "d"], _ranked(one=0.7, two=0.2, three=0.01))
    assert found == {"one": 0.7, "two": 0.2}, "what is hardly likely was not found"
    assert memory.get(["b", "c", "d"]) == found
    assert memory.get(["x", "b", "c", "d"]) == found
    assert memory.get(["c", "d"]) is None
    assert memory.get(["b", "c", "e"]) is None
    assert memory.get(["bc", "d"]) is None


def test_the_latest_are_kept() -> None:
    memory = Memory(size=3)
    for text in ("a", "b", "a", "c", "d"):
        memory.put([text], _ranked(one=0.5))
    assert len(memory) == 3
    assert memory.get(["b"]) is None
    assert memory.get(["a"]) is not None


def test_text_that_is_not_whole_is_remembered_too() -> None:
    memory = Memory()
    memory.put(["half of a pair \ud83d"], _ranked(one=0.5))
    assert memory.get(["half of a pair \ud83d"])


def test_what_was_found_before_is_searched_again_where_it_is_not_known(tmp_path: Path) -> None:
    made, other = small_retriever(tmp_path / "a"), small_retriever(tmp_path / "b")
    for one in (made, other):
        one.load()
        one.replace_all(SMALL_BASE)
    made.search(HISTORY[0])  # the other has not been asked this
    turns = [one.turn("and for mobile", "en", HISTORY) for one in (made, other)]
    said, kin = BESIDE.index("said"), BESIDE.index("kin")
    for turn in turns:
        first = int(turn.beside[:, said].argmax())
        assert turn.context.ids[first] == made.search(HISTORY[0]).ranked[0].entry_id
        assert turn.beside[first, said] > 0
        # An entry is like itself, as much as it was likely.
        np.testing.assert_allclose(turn.beside[first, kin], turn.beside[first, said], rtol=1e-3)
    np.testing.assert_allclose(turns[0].beside, turns[1].beside)


def test_a_long_conversation_is_not_searched_over_and_over(tmp_path: Path) -> None:
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE)
    memory = made._searcher._memory
    history = [f"and for number {n}" for n in range(30)]
    made.search("and for mobile", history=history)
    # The message, the two before it, and of each of those the two before it.
    assert len(memory) <= 7
