"""Numbers written out: "twenty-five", "half an hour", "三百五十", "两".

Digits and words have to meet in one value before a reply can be compared with its evidence.
"""

from __future__ import annotations

import re

_EN_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19,
}  # fmt: skip
_EN_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_EN_SCALE = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_EN_ORDINAL = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "fifteenth": 15,
    "twentieth": 20, "thirtieth": 30,
}  # fmt: skip

_EN_WORD = "|".join([*_EN_SMALL, *_EN_TENS, *_EN_SCALE])
EN_NUMBER = rf"(?:{_EN_WORD})(?:[\s-]+(?:and\s+)?(?:{_EN_WORD}))*"
"""Regular expression source of an English number in words."""
EN_ORDINAL = "|".join(_EN_ORDINAL)
"""Regular expression source of an English ordinal in words."""

_ZH_DIGIT = {
    "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7,
    "八": 8, "九": 9,
}  # fmt: skip
_ZH_SCALE = {"十": 10, "百": 100, "千": 1000}
ZH_NUMBER = "[零〇一二两三四五六七八九十百千万]+"
"""Regular expression source of a Chinese number in characters."""


def english(text: str) -> float:
    """The value of an English number in words that :data:`EN_NUMBER` matched."""
    total, part = 0, 0
    for word in re.split(r"[\s-]+", text.lower()):
        if word in _EN_SMALL:
            part += _EN_SMALL[word]
        elif word in _EN_TENS:
            part += _EN_TENS[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _EN_SCALE:
            total += max(part, 1) * _EN_SCALE[word]
            part = 0
    return float(total + part)


def english_ordinal(word: str) -> float:
    """The value of an English ordinal in words that :data:`EN_ORDINAL` matched."""
    return float(_EN_ORDINAL[word.lower()])


def chinese(text: str) -> float:
    """The value of a Chinese number in characters that :data:`ZH_NUMBER` matched."""
    total, part, digit = 0, 0, 0
    for char in text:
        if char in _ZH_DIGIT:
            # A plain run of digits ("二零二五") is read place by place.
            digit = digit * 10 + _ZH_DIGIT[char]
        elif char in _ZH_SCALE:
            part += max(digit, 1) * _ZH_SCALE[char]
            digit = 0
        else:
            total += max(part + digit, 1) * 10_000
            part, digit = 0, 0
    return float(total + part + digit)
