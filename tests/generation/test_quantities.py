"""Numbers with units, in two languages, in one form."""

from __future__ import annotations

import pytest

from generation.literals import find_literals
from generation.quantities import Quantity, find_quantities, with_bound


def one(text: str) -> Quantity:
    found = find_quantities(text)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("€29.99", "29.99 euros"), ("€29.99", "EUR 29.99"), ("14 days", "two weeks"),
        ("14 days", "14天"), ("two weeks", "两周"), ("24 hours", "1 day"),
        ("1 p.m.", "13:00"), ("12 a.m.", "0:00"), ("8点", "8:00"), ("下午1点", "13:00"),
        ("下午1点到5点", "13:00-17:00"), ("1:00 and 5:00 a.m.", "1 a.m. to 5 a.m."),
        ("10%", "10 percent"), ("百分之十", "10%"), ("twenty-five GB", "25 GB"),
        ("1,000 GB", "1000 GB"),
        ("199元", "199 yuan"), ("三十天", "30 days"), ("15 March", "March 15th"),
        ("3月15日", "15 March"),
        ("the fifth", "5th"), ("第三", "third"), ("5 to 7 business days", "5至7个工作日"),
        ("30 full days", "30 days"), ("2 working days", "two business days"),
    ],
)  # fmt: skip
def test_the_same_said_differently(first: str, second: str) -> None:
    assert one(first).same_value(one(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("€29.99", "$29.99"), ("€29.99", "€29.90"), ("30 days", "30 hours"), ("5 GB", "5 MB"),
        ("2 days", "2 working days"), ("9 cents", "9 euros"), ("1 month", "30 days"),
        ("8 a.m.", "8 p.m."), ("上午8点", "晚上8点"), ("15 March", "15 May"), ("10%", "10 GB"),
        ("300 Mbps", "300 kbps"), ("5 to 7 days", "5 to 8 days"),
    ],
)  # fmt: skip
def test_what_differs(first: str, second: str) -> None:
    assert not one(first).same_value(one(second))


def test_a_bound_belongs_to_the_quantity() -> None:
    four = one("4 hours")
    assert not four.supported_by(with_bound(four, "max"))
    assert not with_bound(four, "max").supported_by(four)
    assert with_bound(one("7 days"), "max").supported_by(one("5 to 7 days"))
    assert not with_bound(one("5 days"), "max").supported_by(one("5 to 7 days"))


def test_words_that_only_look_like_numbers() -> None:
    assert find_quantities("Someone else has done it; nobody knows, 统一安排。") == []


def test_literals() -> None:
    text = (
        "Open https://www.Tidewire.example/Speed/ or tidewire.example/a, write to A@b.example, "
        "call 0800 555 0142 at 9 a.m., or open 192.168.1.1, dial *101#. It costs 29.99."
    )
    assert [(x.kind, x.value) for x in find_literals(text)] == [
        ("url", "tidewire.example/speed"),
        ("url", "tidewire.example/a"),
        ("email", "a@b.example"),
        ("phone", "08005550142"),
        ("ip", "192.168.1.1"),
        ("code", "*101#"),
    ]
