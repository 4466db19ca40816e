"""Things that are right only character by character: links, mail addresses, phone numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_URL = (
    r"(?:https?://|www\.)[^\s，。；、（）()<>\"']+"
    r"|(?<![\w@.])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?![A-Za-z0-9-])"
    r"(?:/[A-Za-z0-9._~%/#?&=+-]*)?"
)
_IP = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
_PHONE = r"(?<![\w.,])\+?\d[\d() -]{5,}\d(?![\w,]|\.\d)"
_CODE = r"(?<![\w])[*#]+[\d*#]*\d[\d*#]*#?"
_ANY = re.compile(
    rf"(?P<email>{_EMAIL})|(?P<ip>{_IP})|(?P<url>{_URL})|(?P<phone>{_PHONE})|(?P<code>{_CODE})",
    re.ASCII,
)
_MIN_PHONE_DIGITS = 7
_ABBREVIATIONS = frozenset({"e.g", "i.e", "a.m", "p.m"})


@dataclass(frozen=True, slots=True)
class Literal:
    """One literal with its place in the text; ``value`` is the form that is compared."""

    kind: str
    value: str
    start: int
    end: int


def find_literals(text: str) -> list[Literal]:
    """All links, mail addresses, IP addresses, phone numbers and dial codes, left to right."""
    found = []
    for match in _ANY.finditer(text):
        kind = str(match.lastgroup)
        raw = match.group().rstrip(".,;:!?-")
        if kind == "phone":
            value = re.sub(r"\D", "", raw)
            # "30-60" and "5 to 7" are quantities; a plain long number is still a phone or an id.
            if len(value) < _MIN_PHONE_DIGITS or re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw):
                continue
        elif kind == "url":
            value = re.sub(r"^(?:https?://)?(?:www\.)?", "", raw.lower()).rstrip("/")
            if value in _ABBREVIATIONS:
                continue
        else:
            value = raw.lower()
        found.append(Literal(kind, value, match.start(), match.start() + len(raw)))
    return found
