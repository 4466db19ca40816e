"""In what two or three questions differ, so that it can be asked for in so many words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

#: Words; single Han characters; whatever else stands alone.
_TOKEN = re.compile(r"(?:(?![㐀-䶿一-鿿])[\w'’\-./])+|[㐀-䶿一-鿿]|\S")
_HAN = re.compile(r"[㐀-䶿一-鿿]")
_MARKS = "?？!！.。,，;；:：、 "
#: What differs is named where it is short and at least so much of each question is the same.
_MOST_TOKENS = 5
_LEAST_SAME = 0.4
#: A single Han character says little ("二"): so many before it are named too ("科目二").
_HAN_BEFORE = 2


def difference(questions: Sequence[str]) -> tuple[str, ...] | None:
    """The words in which the questions differ, one piece a question; None where there is more
    than one such place, or where it would be no shorter to read.

    Example: "Cost of roaming in Spain?", "Cost of roaming in the USA?" -> "Spain", "the USA"
    """
    tokens = [_tokens(question.strip(_MARKS)) for question in questions]
    if len(tokens) < 2 or not all(tokens):
        return None
    folded = [[text.lower() for text, _, _ in row] for row in tokens]
    before = _same(folded)
    after = _same([list(reversed(row[before:])) for row in folded])
    ends = [len(row) - after for row in tokens]
    if any(end <= before for end in ends):
        return None
    start = _with_context(tokens, before, ends)
    lengths = [end - start for end in ends]
    alike = [1 - length / len(row) for length, row in zip(lengths, tokens, strict=True)]
    if max(lengths) > _MOST_TOKENS + _HAN_BEFORE or min(alike) < _LEAST_SAME:
        return None
    return tuple(
        question.strip(_MARKS)[row[start][1] : row[end - 1][2]]
        for question, row, end in zip(questions, tokens, ends, strict=True)
    )


def _tokens(text: str) -> list[tuple[str, int, int]]:
    return [(found[0], found.start(), found.end()) for found in _TOKEN.finditer(text)]


def _same(rows: Sequence[Sequence[str]]) -> int:
    """How many tokens all rows begin with."""
    columns = zip(*rows, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def _with_context(
    tokens: Sequence[list[tuple[str, int, int]]], before: int, ends: Sequence[int]
) -> int:
    """Where the named piece begins: earlier, where a piece is a single Han character."""
    start = before
    alone = any(
        end - before == 1 and _HAN.match(row[before][0])
        for row, end in zip(tokens, ends, strict=True)
    )
    while (
        alone and start > 0 and before - start < _HAN_BEFORE and _HAN.match(tokens[0][start - 1][0])
    ):
        start -= 1
    return start
