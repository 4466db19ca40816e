"""Order numbers, addresses and dates in both languages."""

from __future__ import annotations

import pytest

from bot.components.patterns import READ_CHARS, find_facts


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("where is TW-10442?", [("order_number", "TW-10442")]),
        ("tw 10442", [("order_number", "TW-10442")]),
        ("tw10442", [("order_number", "TW-10442")]),
        ("订单TW-20031到哪了", [("order_number", "TW-20031")]),
        ("订单号是20031", [("order_number", "TW-20031")]),
        ("ＴＷ－２００３１", [("order_number", "TW-20031")]),
        ("10442", [("order_number", "TW-10442")]),
        ("my order number is 10442", [("order_number", "TW-10442")]),
        ("it's TW-123", [("order_number", "TW-123")]),
        ("not TW-10441, it is TW-10442", [("order_number", "TW-10442")]),
        ("it is TW-10442, not TW-10441", [("order_number", "TW-10442")]),
        ("不是TW-10441，是TW-10442", [("order_number", "TW-10442")]),
        ("Anna@Example.com", [("email", "anna@example.com")]),
        ("邮箱是wang.fang@mail.example.cn谢谢", [("email", "wang.fang@mail.example.cn")]),
        ("foo@bar", [("email", "foo@bar")]),
        ("TW-10442, a@example.com", [("order_number", "TW-10442"), ("email", "a@example.com")]),
        ("ordered on 3 March 2026", [("date", "2026-03-03")]),
        ("on March 3rd", [("date", "--03-03")]),
        ("2026-03-03 ordered", [("date", "2026-03-03")]),
        ("2026年3月3日下的单", [("date", "2026-03-03")]),
        ("3月12号", [("date", "--03-12")]),
        ("I ordered it yesterday", [("date", "yesterday")]),
        ("昨天买的", [("date", "昨天")]),
        ("上周五", [("date", "上周五")]),
        ("I pay 1500 for a phone that I bought in 2024 from you", []),
        ("call 0800 123456 now", []),
        ("is 192.168.1.1 the router", []),
        ("13/45/2026", []),
        ("the twin towers have 10442 steps to climb", []),
        ("tweet 12345 at them about all of this", []),
    ],
)  # fmt: skip
def test_facts(text: str, facts: list[tuple[str, str]]) -> None:
    assert [(f.kind, f.value) for f in find_facts(text)] == facts


def test_offsets_are_code_points_of_the_text() -> None:
    text = "😀 订单 TW-10442 😀"
    (fact,) = find_facts(text)
    assert text[fact.start : fact.end] == "TW-10442"


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    """Several patterns compare facts with each other: a text of nothing but facts stays cheap."""
    assert [f.value for f in find_facts("TW-10442 " + "x " * READ_CHARS + "anna@example.com")] == [
        "TW-10442"
    ]
    assert len(find_facts("3 march " * 10_000)) <= READ_CHARS / len("3 march ")
