"""Whole sentences out of a stream."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.sentences import SentenceSplitter, is_complete, join, split


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It costs €29.99/month. It is fast.", ["It costs €29.99/month.", "It is fast."]),
        ("Open from 9:00 a.m. to 5 p.m. daily.", ["Open from 9:00 a.m. to 5 p.m. daily."]),
        ("We open at 9 a.m. Bring an ID.", ["We open at 9 a.m.", "Bring an ID."]),
        ("Use a cable, e.g. Cat 6. Then test.", ["Use a cable, e.g. Cat 6.", "Then test."]),
        ("See tidewire.example/speed. Done.", ["See tidewire.example/speed.", "Done."]),
        ("1. Restart it. 2. Wait.", ["1. Restart it.", "2. Wait."]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("Pick Surf L. It has 5G.", ["Pick Surf L.", "It has 5G."]),
        ("第一句。第二句！第三句？", ["第一句。", "第二句！", "第三句？"]),
        ("他说“好。”然后走了。", ["他说“好。”", "然后走了。"]),
        ("每月29.9元。打开tidewire.example/a。", ["每月29.9元。", "打开tidewire.example/a。"]),
        ("one line\nanother line", ["one line", "another line"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_splits_where_a_reader_would(text: str, sentences: list[str]) -> None:
    assert split(text) == sentences


def test_gives_a_sentence_as_soon_as_it_is_complete() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed("It costs €29") == []
    assert splitter.feed(".99 a month.") == []
    assert splitter.feed(" And") == ["It costs €29.99 a month."]
    assert splitter.pending.strip() == "And"
    assert splitter.flush() == ["And"]


def test_chinese_does_not_wait_for_the_next_character() -> None:
    assert SentenceSplitter().feed("你好。") == ["你好。"]


@settings(deadline=None)
@given(st.text(alphabet='abc A.1!?。，\n€:/”"', max_size=60), st.integers(1, 5))
def test_pieces_make_no_difference(text: str, size: int) -> None:
    splitter = SentenceSplitter()
    found = []
    for start in range(0, len(text), size):
        found += splitter.feed(text[start : start + size])
    found += splitter.flush()
    # A closing quote that comes late is the one thing that a stream cannot know.
    assert "".join("".join(found).split()) == "".join(text.split())


def test_completeness_and_joining() -> None:
    assert is_complete("Done.")
    assert is_complete("好了。")
    assert is_complete('"Done."')
    assert not is_complete("You can cancel free of")
    assert join(["A.", "B."], "en") == "A. B."
    assert join(["甲。", "乙。"], "zh") == "甲。乙。"
