"""Small parts on their own: tokenizer, secret, guard, wording."""

from __future__ import annotations

import pytest
import yaml
from conftest import BOT

from bot.components.channel import GrapevineInput
from bot.components.tokenizer import split
from bot.errors import InsecureChannel


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("how do I reset it?", ["how", "do", "I", "reset", "it"]),
        ("怎么重置路由器", ["怎么", "重置", "路由器"]),
        ("我的wifi密码", ["我", "的", "wifi", "密码"]),
        ("it's TW-10442!", ["it's", "TW-10442"]),
        ("\u2060/restart", ["restart"]),
        ("😀", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    found = split(text)
    assert [w for w, _ in found] == words
    assert all(text[at : at + len(w)] == w for w, at in found)


@pytest.mark.parametrize("secret", ["", "short", None, 12345678901234567890])
def test_without_a_secret_the_channel_does_not_open(secret: object) -> None:
    with pytest.raises(InsecureChannel, match="GRAPEVINE_BOT_SECRET"):
        GrapevineInput(secret)  # type: ignore[arg-type]
    with pytest.raises(InsecureChannel):
        GrapevineInput.from_credentials(None)


def test_every_text_is_there_in_both_languages() -> None:
    domain = yaml.safe_load((BOT / "domain.yml").read_text(encoding="utf-8"))
    for name, variants in domain["responses"].items():
        if name != "utter_directive":
            assert {v["metadata"]["lang"] for v in variants} == {"en", "zh"}, name
