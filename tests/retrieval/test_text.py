from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text import char_ngrams, content_words, normalise, stem, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("contracts", "contract"),
        ("cancelling", "cancel"),
        ("deliveries", "delivery"),
        ("prices", "price"),
        ("router's", "router"),
        ("moved", "move"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize("word", ["access", "status", "this", "5g", "sim"])
def test_words_that_only_look_inflected_keep_their_letters(word: str) -> None:
    assert stem(word) == word


def test_invisible_characters_and_width_do_not_matter() -> None:
    assert normalise("ｒｏｕ\u200bｔｅｒ\u202e  Ｒｅｓｅｔ") == "router reset"
    assert terms("ro\u200buter") == terms("router")


def test_function_words_carry_no_topic() -> None:
    assert content_words("how do I do it?") == set()
    assert content_words("请问怎么办？") == set()
    assert {"路由", "由器"} <= content_words("请问路由器怎么重置")


def test_a_slip_of_the_finger_keeps_most_character_ngrams() -> None:
    right, wrong = char_ngrams("password"), char_ngrams("passwrod")
    assert len(right.keys() & wrong.keys()) >= 4


@given(st.text(max_size=200))
def test_any_text_can_be_taken_apart(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert all(terms(text))
    assert all(count > 0 for count in char_ngrams(text).values())
    assert not any(word.isspace() for word in content_words(text))
