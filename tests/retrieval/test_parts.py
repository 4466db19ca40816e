"""Two questions in one message."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.parts import parts_of
from retrieval.types import Lang
from tests.retrieval.conftest import SMALL_BASE
from tests.retrieval.hashing import HashingEncoder

SPLIT: list[tuple[Lang, str, list[str]]] = [
    (
        "en",
        "how long does a glide 5 run and is the wall dock in the box",
        ["how long does a glide 5 run", "is the wall dock in the box"],
    ),
    (
        "en",
        "I need the right bags. Also what do you charge for shipping?",
        ["I need the right bags.", "Also what do you charge for shipping?"],
    ),
    ("en", "Hello! Is SSL free?", []),
    ("en", "black and white prints please", []),
    ("zh", "洗牙多少钱？还有做之前要饿几个小时", ["洗牙多少钱？", "还有做之前要饿几个小时"]),
    ("zh", "学费发票在哪开，介绍朋友给多少奖励", ["学费发票在哪开", "介绍朋友给多少奖励"]),
    ("zh", "你好，怎么改密码", []),
    ("zh", "", []),
]


@pytest.mark.parametrize(("lang", "text", "parts"), SPLIT)
def test_a_message_is_split_where_a_question_begins(
    lang: Lang, text: str, parts: list[str]
) -> None:
    assert parts_of(text, lang) == parts


@given(st.text(max_size=200), st.sampled_from(["en", "zh"]))
def test_parts_are_pieces_of_the_message(text: str, lang: Lang) -> None:
    parts = parts_of(text, lang)
    assert len(parts) != 1
    assert len(parts) <= 4
    assert all(part in text for part in parts)


TWO: list[tuple[str, tuple[str, ...]]] = [
    (
        "how do i reset my router? and what does roaming cost in switzerland?",
        ("router-reset", "roaming"),
    ),
    (
        "what does roaming cost in switzerland, and how do i cancel my broadband contract",
        ("roaming", "cancel-broadband"),
    ),
    ("发票在哪里下载？另外在瑞士漫游怎么收费", ("zh-invoice", "zh-roaming")),
]


@pytest.mark.models
@pytest.mark.parametrize(("text", "both"), TWO)
def test_both_questions_are_answered_in_their_order(
    real_retriever: HybridRetriever, text: str, both: tuple[str, ...]
) -> None:
    real_retriever.replace_all(SMALL_BASE)
    evidence = real_retriever.search(text)
    assert tuple(one.entry_id for one in evidence.ranked[:2]) == both
    assert evidence.features["parts"] == 2
    assert all(one.p >= 0.7 for one in evidence.ranked[:2])
    assert all(one.p == 0.0 for one in evidence.ranked[2:])


@pytest.mark.models
@pytest.mark.parametrize(("text", "both"), TWO)
def test_they_are_in_the_middle_of_a_conversation_too(
    real_retriever: HybridRetriever, text: str, both: tuple[str, ...]
) -> None:
    real_retriever.replace_all(SMALL_BASE)
    evidence = real_retriever.search(text, history=["how do i cancel my mobile contract?"])
    assert tuple(one.entry_id for one in evidence.ranked[:2]) == both
    assert evidence.features["parts"] == 2


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    [
        "how do i reset my router? it hangs and is slow",
        "is there a way to cancel? i mean my broadband contract",
        "how do i reset my router and who won the match yesterday",
    ],
)
def test_one_question_in_several_sentences_stays_one(
    real_retriever: HybridRetriever, text: str
) -> None:
    real_retriever.replace_all(SMALL_BASE)
    assert real_retriever.search(text).features["parts"] == 1


def test_no_part_is_read_that_cannot_make_it_two(tmp_path: Path) -> None:
    made = HybridRetriever(
        ModelStore(tmp_path / "cache"),
        tmp_path / "index",
        english := HashingEncoder("hash-en", 64),
        HashingEncoder("hash-multi", 96),
    )
    made.load()
    made.replace_all([one for one in SMALL_BASE if one.lang == "en"])
    nothing, known = "the weather was fine on sunday.", "How do I reset my router?"
    read = {}
    for text in (f"{nothing} {known}", f"{known} {nothing}"):
        assert len(parts_of(text, "en")) == 2
        before = english.encoded
        assert made.search(text).features["parts"] == 1
        read[text] = english.encoded - before
    assert list(read.values()) == [2, 4], "the second part is read twice"
