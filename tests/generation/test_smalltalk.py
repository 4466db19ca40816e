"""Curated small talk and its gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from generation.errors import SmallTalkInvalid
from generation.smalltalk import SmallTalk
from generation.smalltalk_gate import judge_small_talk


def test_the_curated_lines_load_and_pass() -> None:
    talk = SmallTalk.load()
    wanted = {"greeting", "thanks", "goodbye", "bot_identity", "decline", "clarify", "degraded"}
    assert wanted <= talk.intents
    for intent in talk.intents:
        assert talk.lines(intent, "en")
        assert talk.lines(intent, "zh")


def test_picking_is_stable_and_varies() -> None:
    talk = SmallTalk.load()
    assert talk.pick("greeting", "en", "c-1") == talk.pick("greeting", "en", "c-1")
    count = len(talk.lines("greeting", "en"))
    assert len({talk.pick("greeting", "en", "c-1", turn) for turn in range(count)}) == count
    assert len({talk.pick("greeting", "zh", f"c-{n}") for n in range(30)}) > 1


def test_unknown_intent() -> None:
    with pytest.raises(SmallTalkInvalid, match="known"):
        SmallTalk.load().pick("tango", "en", "c-1")


@pytest.mark.parametrize(
    "line",
    [
        "Hello! Fibre is only €29 today.", "Your refund is on its way.", "See tidewire.example.",
        "We will fix it.", "Call 0800 555 0142.", "Please restart the router.", "I have 3 ideas.",
        "You get a free month.", "I guarantee it.", "It is cheap.", "Write to a@b.example.",
        "您好，今天只要29元。", "我们保证修好。",
        "请重启路由器。", "送您一个月免费。", "等三天就好。",
    ],
)  # fmt: skip
def test_facts_are_no_small_talk(line: str) -> None:
    assert not judge_small_talk(line).supported


@pytest.mark.parametrize(
    "line", ["Hello there!", "Which one do you mean?", "您好，有什么可以帮您？"]
)
def test_kind_words_are(line: str) -> None:
    assert judge_small_talk(line).supported


@pytest.mark.parametrize(
    ("en", "zh", "message"),
    [
        ("greeting: ['It costs €5']", "greeting: ['好']", "€5"),
        ("greeting: []", "greeting: ['好']", "at least one line"),
        ("greeting: ['Hi']\nthanks: ['Welcome']", "greeting: ['好']", "zh.yml: intent 'thanks'"),
        ("- a list", "greeting: ['好']", "mapping"),
        ("greeting: [", "greeting: ['好']", "cannot be read"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, en: str, zh: str, message: str) -> None:
    (tmp_path / "en.yml").write_text(en, encoding="utf-8")
    (tmp_path / "zh.yml").write_text(zh, encoding="utf-8")
    with pytest.raises(SmallTalkInvalid, match=message):
        SmallTalk.load(tmp_path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SmallTalkInvalid, match=r"en\.yml cannot be read"):
        SmallTalk.load(tmp_path)
