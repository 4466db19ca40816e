"""What is taken out of a text, and what stays."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.errors import EmptyMessage, MessageTooLong, TextNotAllowed
from web.security.text import clean_note, clean_text, has_words

FAMILY = "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  hello \r\n there ", "hello \n there"),
        ("a\u202eb\u2066c\u200f", "abc"),
        ("z\u200bero w\u2060idth\ufeff", "zero width"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("bell\x07 esc\x1b[31m", "bell esc[31m"),
        ("tab\tand\nline", "tab\tand\nline"),
        (FAMILY, FAMILY),
        ("no\u200dtrick", "notrick"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("e\u0301", "é"),
        ("half \ud83d", "half \ufffd"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("Z" + "\u0335" * 50, "Z" + "\u0335" * 4),
    ],
)
def test_cleaning(text: str, clean: str) -> None:
    assert clean_text(text, 100) == clean


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\u202e\u2066", "\u3164", "\x07", "\ufe0f"])
def test_nothing_visible_is_empty(text: str) -> None:
    with pytest.raises(EmptyMessage):
        clean_text(text, 100)


def test_length_counts_code_points_after_cleaning() -> None:
    assert clean_text("👍" * 100 + "\u200b", 100) == "👍" * 100
    for length in (101, 100_000):
        with pytest.raises(MessageTooLong) as caught:
            clean_text("x" * length, 100)
        assert caught.value.extra == {"max_chars": 100}
    with pytest.raises(TextNotAllowed):
        clean_text("a\x00", 100)


@given(st.text(st.characters(exclude_characters="\x00"), max_size=80))
def test_cleaning_is_done_once_and_leaves_nothing_dangerous(text: str) -> None:
    once = clean_note(text)
    assert clean_note(once) == once
    assert not any(unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE") for c in once)
    assert not any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in once)
    once.encode("utf-8")


def test_words() -> None:
    assert has_words("ok?")
    assert has_words("好")
    assert has_words("42")
    assert not has_words("👍 … ?!")
