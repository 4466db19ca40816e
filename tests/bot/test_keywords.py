"""The reading without Rasa: set phrases, ordinals and a few patterns in both languages."""

from __future__ import annotations

import pytest

from bot.routing import fallback_reading


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Hi!", "greeting"), ("hello there", "greeting"), ("你好", "greeting"),
        ("您好！", "greeting"),
        ("Thanks a lot!!", "thanks"), ("谢谢你", "thanks"), ("bye", "goodbye"), ("再见", "goodbye"),
        ("are you a bot?", "bot_identity"), ("你是真人吗", "bot_identity"),
        ("I want to talk to a human", "ask_person"), ("转人工", "ask_person"),
        ("我要找人工客服", "ask_person"), ("A person, please!", "ask_person"),
        ("where is my order", "order_status"), ("TW-10442", "order_status"),
        ("我的订单到哪了", "order_status"), ("查一下快递", "order_status"),
        ("what are customers complaining about?", "insight"), ("大家都在抱怨什么", "insight"),
        ("how do I reset my router?", "ask_question"), ("怎么重置路由器", "ask_question"),
        ("hi how do I reset it", "ask_question"), ("你好，我的网速很慢怎么办", "ask_question"),
        ("thanks but how do I return the router then?", "ask_question"),
        ("how do I cancel my subscription", "ask_question"), ("怎么取消套餐", "ask_question"),
    ],
)  # fmt: skip
def test_intent(text: str, intent: str) -> None:
    assert fallback_reading(text).intent == intent


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("2", 2), ("2.", 2), ("the second", 2), ("third one", 3), ("the latter", -1), ("one", 1),
        ("第二个", 2), ("2号", None), ("10442", None), ("my second router", None), ("", None),
        ("I have one question", None), ("2 routers", None), ("第二个月的账单", None),
    ],
)  # fmt: skip
def test_ordinal(text: str, n: int | None) -> None:
    assert fallback_reading(text).ordinal == n


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("How do I reset it? And what does a new one cost?", True),
        ("how do i cancel and what is the fee", True),
        ("怎么解约？要付违约金吗？", True),
        ("怎么重置路由器，另外怎么改密码", True),
        ("how do i reset my router", False),
        ("terms and conditions", False),
        ("怎么重置路由器？", False),
    ],
)
def test_two_questions(text: str, several: bool) -> None:
    assert fallback_reading(text).several is several


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "\u200b", "/restart", "a" * 20_000, "?" * 500])
def test_odd_texts_are_read_as_something(text: str) -> None:
    assert fallback_reading(text).intent in ("ask_question", "greeting")
