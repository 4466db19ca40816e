from __future__ import annotations

import pytest

from retrieval.context import complete, lean_of
from retrieval.hybrid import HybridRetriever
from tests.retrieval.conftest import entry

LEANING = [
    ("and for the earbuds?", "ellipsis"),
    ("what about mobile", "ellipsis"),
    ("ok and in switzerland?", "ellipsis"),
    ("那个宽带的呢？", "ellipsis"),
    ("那手机呢", "ellipsis"),
    ("how much does it cost", "pronoun"),
    ("can i return it", "pronoun"),
    ("这个多少钱", "pronoun"),
    ("no, i meant mobile", "correction"),
    ("不是，我说的是宽带", "correction"),
    ("mobile", "weak"),
    ("宽带", "weak"),
    ("and do you sell bikes?", "weak"),
    ("and how do i do it for mobile?", "ellipsis"),
]
STANDING = [
    "how do i reset my router to factory settings",
    "怎么把路由器恢复出厂设置",
    "can i keep my phone number when i switch to you",
    "那边的营业厅周末几点开门办理业务",
]


@pytest.mark.parametrize(("text", "lean"), LEANING)
def test_messages_that_lean_are_known(text: str, lean: str) -> None:
    assert lean_of(text) == lean


@pytest.mark.parametrize("text", STANDING)
def test_messages_that_stand_alone_are_left_alone(text: str) -> None:
    assert lean_of(text) == "none"
    assert complete(text, ["how do i cancel my contract"]).query == text


def test_without_history_nothing_is_added() -> None:
    assert complete("and for the earbuds?", []).query == "and for the earbuds?"
    assert complete("and for the earbuds?", ["ok", "hi"]).lean == "none"


def test_the_completed_query_joins_both_turns() -> None:
    made = complete("and for the earbuds?", ["how long is the warranty on the speaker?"])
    assert made.query == "how long is the warranty on the speaker for the earbuds"
    assert complete("and in the usa?", ["Cost of roaming in Spain?"]).query == (
        "Cost of roaming in the usa"
    )
    assert complete("那个宽带的呢？", ["手机套餐怎么取消？"]).query == "手机套餐怎么取消 宽带"


def test_a_chain_of_leaning_turns_reaches_back_to_the_topic() -> None:
    made = complete("and in france?", ["what does roaming cost in spain", "and for data?"])
    assert "roaming" in made.query
    assert "france" in made.query


BASE = (
    entry("cancel-mobile", "How do I cancel my mobile contract?", "End my phone plan"),
    entry("cancel-broadband", "How do I cancel my broadband contract?", "End my home internet"),
    entry("price-mobile", "What does a mobile plan cost?", "Price of a phone contract"),
    entry("price-broadband", "What does broadband cost?", "Price of home internet"),
    entry("roaming-ch", "What does roaming cost in Switzerland?", "Phone use in Switzerland"),
    entry("roaming-us", "What does roaming cost in the USA?", "Phone use in America"),
    entry(
        "zh-cancel-mobile",
        "怎么取消手机套餐？",
        "手机合约怎么解约",
        lang="zh",
        translation_of="cancel-mobile",
    ),
    entry(
        "zh-cancel-broadband",
        "怎么取消宽带？",
        "宽带合约怎么解约",
        lang="zh",
        translation_of="cancel-broadband",
    ),
    entry(
        "zh-price-broadband",
        "宽带多少钱一个月？",
        "家里装网怎么收费",
        lang="zh",
        translation_of="price-broadband",
    ),
    entry(
        "zh-price-mobile",
        "手机套餐多少钱一个月？",
        "话费套餐怎么收费",
        lang="zh",
        translation_of="price-mobile",
    ),
)
TURNS = [
    (["how do i cancel my broadband contract?"], "and for mobile?", "cancel-mobile"),
    (["how do i cancel my mobile contract?"], "what about broadband", "cancel-broadband"),
    (["what does roaming cost in switzerland"], "and in the usa?", "roaming-us"),
    (["how much is roaming in the usa", "ok thanks"], "and switzerland?", "roaming-ch"),
    (["cancel my contract please"], "no, i meant mobile", "cancel-mobile"),
    (["i am thinking about broadband"], "how much does it cost", "price-broadband"),
    (["手机套餐怎么取消？"], "那个宽带的呢？", "zh-cancel-broadband"),
    (["宽带一个月多少钱"], "那手机呢", "zh-price-mobile"),
    (["我想取消套餐"], "不是，我说的是宽带", "zh-cancel-broadband"),
    (["how do i cancel my broadband contract?"], "what does a mobile plan cost?", "price-mobile"),
    (["怎么取消宽带"], "手机套餐多少钱一个月", "zh-price-mobile"),
]


@pytest.mark.models
@pytest.mark.parametrize("text", ["and do you sell bikes?", "and who won the match", "ok thanks"])
def test_a_new_question_is_not_answered_from_the_turn_before(
    real_retriever: HybridRetriever, text: str
) -> None:
    real_retriever.replace_all(BASE)
    evidence = real_retriever.search(text, history=["how do i cancel my mobile contract?"])
    assert evidence.ranked[0].p < 0.5


@pytest.mark.models
@pytest.mark.parametrize(("history", "text", "expected"), TURNS)
def test_the_right_entry_is_found_from_the_turns_before(
    real_retriever: HybridRetriever, history: list[str], text: str, expected: str
) -> None:
    real_retriever.replace_all(BASE)
    assert real_retriever.search(text, history=history).ranked[0].entry_id == expected
