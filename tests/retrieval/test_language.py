from __future__ import annotations

import pytest

from retrieval.language import detect, han_share, is_mixed


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("how do i reset my router", "en"),
        ("怎么重置路由器", "zh"),
        ("網路好慢怎麼辦", "zh"),
        ("我的 Fibre 500 能不能升级到 Fibre 1000", "zh"),
        ("what does 漫游 mean on my bill", "en"),
        ("esim 怎么换手机", "zh"),
        ("wifi 密码", "zh"),
        ("ok", "en"),
    ],
)
def test_detects_the_language_by_script(text: str, lang: str) -> None:
    assert detect(text) == lang


def test_a_message_without_letters_takes_the_language_of_the_turns_before() -> None:
    assert detect("500?", ["hello", "我要升级"]) == "zh"
    assert detect("500?", ["我要升级", "hello"]) == "en"
    assert detect("???", default="zh") == "zh"


def test_mixed_is_said_of_messages_in_both_scripts() -> None:
    assert is_mixed("how do i 重置 router")
    assert not is_mixed("how do i reset my router")
    assert not is_mixed("怎么重置路由器")
    assert han_share("!!!") == 0.0
