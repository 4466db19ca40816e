"""What is asked for when two entries fit: the words in which they differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.responder.difference import difference

NAMED: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("Cost of roaming in Spain?", "Cost of roaming in the USA?"), ("Spain", "the USA")),
    (
        ("How do I cancel my mobile contract?", "How do I cancel my broadband contract?"),
        ("mobile", "broadband"),
    ),
    (("How do I pause my box?", "How do I cancel my box?"), ("pause", "cancel")),
    (
        ("What does the Seed plan cost?", "What does the Oak XL plan cost?",
         "What does the Grove plan cost?"),
        ("Seed", "Oak XL", "Grove"),
    ),
    (("怎么取消手机套餐？", "怎么取消宽带套餐？"), ("手机", "宽带")),
    (("科目二如何预约?", "科目三如何预约?"), ("科目二", "科目三")),
    (("墨屿S防水吗？", "墨屿Pro防水吗？"), ("S", "Pro")),
]  # fmt: skip
UNNAMED: list[tuple[str, ...]] = [
    ("How do I reset my router?", "What do the router lights mean?"),
    ("When is my bill due?", "When is my bill due?"),
    ("Can I pause?", "Can I pause my subscription for a while?"),
    ("发票在哪里下载？", "在瑞士漫游怎么收费？"),
    ("How do I reset my router?",),
    ("", "?"),
]


@pytest.mark.parametrize(("questions", "pieces"), NAMED)
def test_what_differs_is_named(questions: tuple[str, ...], pieces: tuple[str, ...]) -> None:
    assert difference(questions) == pieces


@pytest.mark.parametrize("questions", UNNAMED)
def test_where_too_much_or_nothing_differs_none_is_named(questions: tuple[str, ...]) -> None:
    assert difference(questions) is None


@given(st.lists(st.text(max_size=60), min_size=2, max_size=3))
def test_a_piece_is_a_piece_of_its_question(questions: list[str]) -> None:
    pieces = difference(questions)
    if pieces is not None:
        assert len(pieces) == len(questions)
        assert all(piece and piece in q for piece, q in zip(pieces, questions, strict=True))
