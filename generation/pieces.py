"""Cutting normalised text into literals, quantities, marks, words and punctuation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from generation.literals import Literal
from generation.quantities import Quantity, find_quantities

_HIDDEN = 0xE000
_TOKEN = re.compile(
    r"(?P<hidden>[\ue000-\uefff])|‹(?P<mark>[^›]+)›|(?P<latin>[A-Za-z0-9](?:[\w'+&-]|\.(?=\w))*)"
    r"|(?P<wide>[\u3400-\u9fff]+)|(?P<break>[,;:!?。、—–>|()\"“”]|\s-\s|\.(?=\s|$))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece: ``kind`` is lit, qty, mark, latin, wide or break; ``text`` as written."""

    kind: str
    text: str
    quantity: Quantity | None = None


def hide(text: str, literals: Sequence[Literal]) -> str:
    """Put one private character in the place of each literal, so that no rule touches it."""
    for index, literal in reversed(list(enumerate(literals))):
        text = f"{text[: literal.start]} {chr(_HIDDEN + index)} {text[literal.end :]}"
    return text


def lex(text: str, literals: Sequence[Literal]) -> list[Piece]:
    """Pieces of a text in which literals were hidden and phrases replaced by marks."""
    found: list[Piece] = []
    position = 0
    quantities = [q for q in find_quantities(text) if not _inside_mark(text, q)]
    for quantity in quantities:
        if quantity.start < position:
            continue
        found += _words(text[position : quantity.start], literals)
        found.append(Piece("qty", quantity.text, quantity))
        position = quantity.end
    return found + _words(text[position:], literals)


def _inside_mark(text: str, quantity: Quantity) -> bool:
    return text.rfind("‹", 0, quantity.start) > text.rfind("›", 0, quantity.start)


def _words(text: str, literals: Sequence[Literal]) -> list[Piece]:
    found = []
    for match in _TOKEN.finditer(text):
        kind, value = str(match.lastgroup), match.group(str(match.lastgroup))
        if kind == "hidden":
            literal = literals[ord(value) - _HIDDEN]
            found.append(Piece("lit", f"{literal.kind}:{literal.value}"))
        else:
            found.append(Piece(kind, value))
    return found
