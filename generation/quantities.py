"""Quantities in English and Chinese text, brought to one comparable form.

"€29.99", "29.99 euros" and "EUR 29.99" are the same quantity; "14 days" is "two weeks", "1 p.m."
is "13:00", "up to 4 hours" is not "4 hours".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from generation import numerals
from generation.units import (
    CURRENCY_SYMBOLS,
    CURRENCY_WORDS,
    DURATION_MINUTES,
    EN_MONTHS,
    UNITS,
    ZH_COUNTERS,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value or a range with its unit and bound, and its place in the text.

    ``kind``: money, percent, duration, measure, time (minutes after midnight), date, ordinal,
    count. ``bound``: "" (exact), max, min, gt, lt, approx. ``start``, ``end``: code points.
    """

    kind: str
    low: float
    high: float
    unit: str
    bound: str
    start: int
    end: int
    text: str

    def same_value(self, other: Quantity) -> bool:
        """Same kind, unit and value; bounds aside."""
        return (self.kind, self.unit) == (other.kind, other.unit) and (
            abs(self.low - other.low) < _EPSILON and abs(self.high - other.high) < _EPSILON
        )

    def supported_by(self, other: Quantity) -> bool:
        """Whether ``other`` says this: the same value and bound, or the named end of a range."""
        if self.same_value(other):
            return self.bound == other.bound
        if (self.kind, self.unit) != (other.kind, other.unit) or self.low != self.high:
            return False
        if other.low == other.high:
            return False
        return (self.bound == "max" and abs(self.high - other.high) < _EPSILON) or (
            self.bound == "min" and abs(self.low - other.low) < _EPSILON
        )


_EPSILON = 1e-6
_NUM = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_ANYNUM = (
    rf"(?:{_NUM}|(?<![A-Za-z])(?:half an?|{numerals.EN_NUMBER})(?![A-Za-z])"
    rf"|{numerals.ZH_NUMBER})"
)
_LATIN = rf"(?:{_NUM}|(?<![A-Za-z])(?:{numerals.EN_NUMBER})(?![A-Za-z]))"
_TO = r"\s*(?:-|–|—|~|to|and|until|till|到|至)\s*"
_SYMBOL = "[" + "".join(re.escape(c) for c in CURRENCY_SYMBOLS) + "]"
_CURRENCY = "|".join(sorted(map(re.escape, CURRENCY_WORDS), key=len, reverse=True))
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_FILLER = r"(?:(?:full|whole|consecutive|calendar|additional|extra|more)\s+){0,2}"
_MONTH = "|".join(sorted(EN_MONTHS, key=len, reverse=True))
_HALF_DAY = r"(?:a\.m\.|p\.m\.|am\b|pm\b|a\.m\b|p\.m\b)"
_ZH_DAYPART = "上午|下午|晚上|早上|中午|凌晨"

_CLOCK = (
    rf"(?:{_ZH_DAYPART})?(?:\d{{1,2}}[:：]\d{{2}}\s*(?:{_HALF_DAY})?|\d{{1,2}}\s*{_HALF_DAY}"
    rf"|{_ANYNUM}点(?:半|{_ANYNUM}分)?|\bnoon\b|\bmidnight\b)"
)
_LOOSE_CLOCK = rf"(?:{_CLOCK}|\d{{1,2}}(?=\s*(?:-|–|to|and)\s*\d{{1,2}}\s*{_HALF_DAY}))"

_PATTERN = re.compile(
    "|".join(
        [
            rf"(?P<timerange>{_LOOSE_CLOCK}{_TO}{_CLOCK})",
            rf"(?P<time>{_CLOCK})",
            r"(?P<isodate>\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}\.\d{1,2}\.\d{4}\b)",
            rf"(?P<date>\b(?:\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?\s+(?:{_MONTH})\b|(?:{_MONTH})\s+"
            r"\d{1,2}(?:st|nd|rd|th)?\b)(?:,?\s+\d{4})?)",
            r"(?P<zhdate>(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]|\d{4}年(?:\d{1,2}月)?|\d{1,2}[日号](?!内))",
            rf"(?P<money>{_SYMBOL}\s?(?:{_NUM})(?:{_TO}{_SYMBOL}?\s?(?:{_NUM}))?"
            rf"|\b(?:EUR|USD|GBP|CNY|RMB)\s?(?:{_NUM})"
            rf"|{_ANYNUM}(?:{_TO}{_ANYNUM})?[\s-]?(?:{_CURRENCY})(?![A-Za-z]))",
            rf"(?P<percent>{_ANYNUM}(?:{_TO}{_ANYNUM})?[\s-]?(?:%|％|percent\b|per cent\b)"
            rf"|百分之{_ANYNUM})",
            rf"(?P<measure>{_ANYNUM}(?:{_TO}{_ANYNUM})?[\s-]?{_FILLER}(?:{_UNIT})(?![A-Za-z]))",
            rf"(?P<ordinal>\b\d+(?:st|nd|rd|th)\b|\b(?:{numerals.EN_ORDINAL})\b|第{_ANYNUM})",
            rf"(?P<count>(?<![A-Za-z0-9_.]){_LATIN}(?:{_TO}{_LATIN})?(?![\w%]|\.\d)"
            rf"|(?:{_NUM})(?=[^\x00-\x7f])|{_ANYNUM}(?:{ZH_COUNTERS}))",
        ]
    ),
    re.IGNORECASE,
)
_NUMBER = re.compile(_ANYNUM, re.IGNORECASE)
_ZH_CHAR_NUMBER = re.compile(numerals.ZH_NUMBER)


def number(text: str) -> float:
    """The value of a number in digits or words."""
    text = text.strip().lower()
    if text.startswith("half"):
        return 0.5
    if text[0].isdigit():
        return float(text.replace(",", ""))
    return numerals.chinese(text) if _ZH_CHAR_NUMBER.fullmatch(text) else numerals.english(text)


def find_quantities(text: str) -> list[Quantity]:
    """All quantities of ``text``, left to right, without bounds (see :func:`with_bound`)."""
    found = []
    for match in _PATTERN.finditer(text):
        quantity = _read(str(match.lastgroup), match.group(), match.start(), match.end())
        if quantity is not None:
            found.append(quantity)
    return found


def with_bound(quantity: Quantity, bound: str) -> Quantity:
    """The same quantity under a bound."""
    return replace(quantity, bound=bound)


def _read(kind: str, text: str, start: int, end: int) -> Quantity | None:
    if kind in ("time", "timerange"):
        return _read_time(text, start, end)
    if kind in ("isodate", "date", "zhdate"):
        return _read_date(kind, text, start, end)
    values = [number(part) for part in _NUMBER.findall(text.removeprefix("百分之"))]
    if kind == "ordinal":
        word = text.lower()
        value = values[0] if values else numerals.english_ordinal(word)
        return Quantity("ordinal", value, value, "", "", start, end, text)
    if not values:
        return None
    low, high = min(values[:2]), max(values[:2])
    unit = ""
    if kind == "money":
        unit = _currency(text)
    elif kind == "measure":
        kind, unit, factor = _unit(text)
        low, high = low * factor, high * factor
    return Quantity(kind, low, high, unit, "", start, end, text)


def _currency(text: str) -> str:
    for symbol, code in CURRENCY_SYMBOLS.items():
        if symbol in text:
            return code
    lowered = text.lower()
    for word in sorted(CURRENCY_WORDS, key=len, reverse=True):
        if word.lower() in lowered:
            return CURRENCY_WORDS[word]
    return ""


def _unit(text: str) -> tuple[str, str, float]:
    lowered = text.lower()
    word = max((u for u in UNITS if lowered.endswith(u.lower())), key=len)
    unit = UNITS[word]
    if unit in DURATION_MINUTES:
        return "duration", "min", DURATION_MINUTES[unit]
    return "measure", unit, 1.0


def _read_time(text: str, start: int, end: int) -> Quantity:
    parts = re.split(_TO, text)
    suffix = re.search(_HALF_DAY, parts[-1], re.IGNORECASE)
    prefix = re.match(_ZH_DAYPART, parts[0])
    minutes = [
        _minutes(p, suffix.group() if suffix else "", prefix.group() if prefix else "")
        for p in parts
    ]
    return Quantity("time", minutes[0], minutes[-1], "", "", start, end, text)


def _minutes(text: str, suffix: str, prefix: str) -> float:
    lowered = text.strip().lower()
    if lowered == "noon":
        return 720.0
    if lowered == "midnight":
        return 0.0
    own_suffix = re.search(_HALF_DAY, lowered)
    own_prefix = re.match(_ZH_DAYPART, lowered)
    half = (own_suffix.group() if own_suffix else suffix).lower()
    part = own_prefix.group() if own_prefix else prefix
    numbers = [number(n) for n in _NUMBER.findall(lowered)]
    hour = numbers[0]
    minute = 30.0 if "半" in lowered else (numbers[1] if len(numbers) > 1 else 0.0)
    if half.startswith("p") or part in ("下午", "晚上"):
        hour = hour % 12 + 12
    elif half.startswith("a"):
        hour %= 12
    return hour * 60 + minute


def _read_date(kind: str, text: str, start: int, end: int) -> Quantity:
    year = re.search(r"\d{4}", text)
    rest = text.replace(year.group(), " ") if year else text
    numbers = [int(n) for n in re.findall(r"\d+", rest)]
    month = next((EN_MONTHS[m] for m in EN_MONTHS if re.search(rf"(?i)\b{m}\b", text)), 0)
    day = 0
    if kind == "date":
        day = numbers[0]
    elif kind == "isodate" and "." in text:
        day, month = numbers
    elif kind == "isodate" or "月" in text:
        month, day = (*numbers, 0)[:2]
    else:
        # "15日": a day of the month, the same as "the 15th".
        return Quantity("ordinal", float(numbers[0]), float(numbers[0]), "", "", start, end, text)
    value = float(month * 100 + day)
    return Quantity("date", value, value, year.group() if year else "", "", start, end, text)
