"""Order numbers, e-mail addresses and dates in English and Chinese text; pure.

Values are given in one form: ``TW-10442``, lower-case addresses, ISO dates where the year, month
and day are all written. What only looks like an order number or an address is reported as well,
so that a form can say what is wrong with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

#: Code points of a message that are read: facts are compared with each other, and a text of
#: 20,000 characters that holds nothing else would take seconds.
READ_CHARS = 2000
_DIGITS = 5
_ORDER = re.compile(r"(?<![a-z0-9@.])tw[\s\-_#:–—]{0,3}(\d{2,9})(?![\d@])", re.I)
_BARE_ORDER = re.compile(r"(?<![\w.@\-+/:])(\d{4,8})(?![\w@]|[.\-/:]\d)")
_BARE_ORDER_ZH = re.compile(r"(?<![\dA-Za-z.@\-+/:])(\d{4,8})(?![\dA-Za-z@]|[.\-/:]\d)")
_ORDER_WORD = re.compile(r"\b(?:order|number|no|num|nr)\b|#|订单|单号|编号|号码|号是", re.I)
# Anchored at the start of a run and bounded: without that, a long text without an "@" is scanned
# once for each of its letters.
_LOCAL = r"(?<![a-z0-9._%+\-])[a-z0-9._%+\-]{1,64}"
_EMAIL = re.compile(_LOCAL + r"@[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){0,8}\.[a-z]{2,24}", re.I)
_EMAIL_LIKE = re.compile(_LOCAL + r"\s?@\s?[a-z0-9.\-]{0,100}", re.I)
_NEGATED = re.compile(r"(?:\bnot\b|\binstead of\b|\brather than\b|不是)\W*$", re.I)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun",
            "july|jul", "august|aug", "september|sept|sep", "october|oct", "november|nov",
            "december|dec",
        ), 1
    )
    for name in names.split("|")
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?:(?P<y>\d{4})\s*年\s*)?(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<n>{_MONTH})\b(?:,?\s+(?P<y>\d{{4}}))?",
        re.I,
    ),
    re.compile(
        rf"\b(?P<n>{_MONTH})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>\d{{4}}))?", re.I
    ),
)
_RELATIVE = re.compile(
    r"\b(?:today|yesterday|tomorrow|the day before yesterday|"
    r"(?:last|next|this) (?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:last|next|this) week|"
    r"(?:\d+|two|three|four|five) days ago)\b|"
    r"今天|昨天|前天|明天|后天|(?:上|下|这)个?(?:周|星期)[一二三四五六日天]?|[\d一二两三四五六七]+天前",
    re.I,
)


@dataclass(frozen=True)
class Fact:
    """A piece of the text: what it is, where (code points), and its value in one form."""

    kind: str
    start: int
    end: int
    value: str


def find_facts(text: str) -> list[Fact]:
    """Every fact in the first READ_CHARS of ``text``: at most one order number and one
    address, and all dates.

    Of several order numbers the last that is not negated counts ("not TW-10441, TW-10442"): it is
    how people correct themselves.
    """
    folded = _fold(text[:READ_CHARS])
    dates = list(_dates(folded))
    found = dates + _last(_emails(folded), folded) + _last(_orders(folded, dates), folded)
    return sorted(found, key=lambda fact: fact.start)


def _fold(text: str) -> str:
    """Full-width letters and digits as plain ones, without changing any offset."""
    folded = (unicodedata.normalize("NFKC", c) for c in text)
    return "".join(f if len(f) == 1 else c for c, f in zip(text, folded, strict=False))


def _last(facts: list[Fact], text: str) -> list[Fact]:
    kept = [f for f in facts if not _NEGATED.search(text[: f.start])]
    return (kept or facts)[-1:]


def _emails(text: str) -> list[Fact]:
    proper = [Fact("email", m.start(), m.end(), m[0].lower()) for m in _EMAIL.finditer(text)]
    return proper or [
        Fact("email", m.start(), m.end(), m[0].strip().lower()) for m in _EMAIL_LIKE.finditer(text)
    ]


def _orders(text: str, dates: list[Fact]) -> list[Fact]:
    full = [Fact("order_number", m.start(), m.end(), f"TW-{m[1]}") for m in _ORDER.finditer(text)]
    if full:
        return full
    named = _ORDER_WORD.search(text) is not None
    if not named and (len(text.split()) > 4 or len(text) > 24):
        return []
    pattern = _BARE_ORDER_ZH if re.search(r"[\u3400-\u9fff]", text) else _BARE_ORDER
    return [
        Fact("order_number", m.start(), m.end(), f"TW-{m[1]}")
        for m in pattern.finditer(text)
        if (named or len(m[1]) == _DIGITS) and not any(d.start <= m.start() < d.end for d in dates)
    ]


def _dates(text: str) -> Iterator[Fact]:
    taken: list[tuple[int, int]] = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            value = _iso(match)
            if value and not any(s < match.end() and match.start() < e for s, e in taken):
                taken.append(match.span())
                yield Fact("date", match.start(), match.end(), value)
    for match in _RELATIVE.finditer(text):
        yield Fact("date", match.start(), match.end(), match[0].lower())


def _iso(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    month = int(groups["m"]) if groups.get("m") else _MONTHS[groups["n"].lower()]
    day = int(groups["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if groups.get("y"):
        return f"{groups['y']}-{month:02d}-{day:02d}"
    return f"--{month:02d}-{day:02d}"
