"""A message among its conversation: read alone, and behind the turns before it.

Which of the two readings to believe, and what to make of what the turns before found, is learnt
(:mod:`benchmarks.fit_calibration`), apart for messages that lean on what was said, that may, and
that stand by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.context import Completed, Lean
from retrieval.earlier import BACK, Finds
from retrieval.features import Candidates, Found, Query, compared, found_by
from retrieval.text import content_words

#: What is known of an entry beside the two readings: the share of the message's new words, by
#: weight, that its phrasings hold; how likely the turn before was answered by it, and the one
#: before that; and how like its question is to that of the entry found last, times how likely
#: that one was.
BESIDE = ("added", "said", "said_before", "kin")
#: How much of an entry's utility comes from either reading and from what is known beside them; and
#: of "nothing answers" from either reading, with a constant.
TURN_FEATURES = ("alone", "context", *BESIDE, "none_alone", "none_context", "none")

Leaning = Literal["stands", "may", "leans"]
LEANING: Mapping[Lean, Leaning] = {
    "none": "stands", "weak": "may", "pronoun": "leans", "ellipsis": "leans", "correction": "leans",
}  # fmt: skip

Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turn:
    """The same candidates by both readings; ``beside`` (candidates, BESIDE)."""

    alone: Candidates
    context: Candidates
    beside: Row
    leaning: Leaning


def believed(
    weights: Row, alone: tuple[Row, float], context: tuple[Row, float], beside: Row
) -> tuple[Row, float]:
    """Utilities of the candidates and of "nothing answers", from those of both readings."""
    outside = weights[2 + len(BESIDE) :]
    utilities = weights[0] * alone[0] + weights[1] * context[0]
    utilities = utilities + beside @ weights[2 : 2 + len(BESIDE)]
    return utilities, float(outside[0] * alone[1] + outside[1] * context[1] + outside[2])


def turn_of(
    alone: Query,
    by_itself: Found,
    context: Query,
    completed: Completed,
    before: Sequence[Finds],
    catalogue: Catalogue,
) -> Turn:
    """Both readings of a message, what either found compared by both, and what the turns
    ``before`` it found, the latest first."""
    by_itself, in_context = found_by(alone, catalogue), found_by(context, catalogue)
    ids = dict.fromkeys([*by_itself.ids, *in_context.ids])
    judged = compared(ids, alone, by_itself, catalogue)
    read_on = compared(ids, context, in_context, catalogue)
    beside = np.zeros((len(judged.ids), len(BESIDE)))
    beside[:, 0] = _held(completed.added, judged.ids, catalogue)
    for column, found in enumerate(before[:BACK], start=1):
        beside[:, column] = _said(found, judged.ids, catalogue)
    if before:
        beside[:, -1] = _kin(before[0], judged.ids, catalogue)
    return Turn(judged, read_on, beside, LEANING[completed.lean])


def _held(added: str, ids: Sequence[str], catalogue: Catalogue) -> list[float]:
    words = content_words(added)
    weight = {word: catalogue.lexical.idf(word) for word in words}
    total = sum(weight.values()) or 1.0
    wordings = [catalogue.wording(catalogue.prepared[key].entry) for key in ids]
    return [sum(weight[word] for word in words & one.phrasing_words) / total for one in wordings]


def _said(found: Finds, ids: Sequence[str], catalogue: Catalogue) -> list[float]:
    """An answer was given whichever of its translations it was."""
    given: dict[str, float] = {}
    for key, p in found.items():
        family = _family(key, catalogue)
        given[family] = max(p, given.get(family, 0.0))
    return [given.get(_family(key, catalogue), 0.0) for key in ids]


def _family(key: str, catalogue: Catalogue) -> str:
    item = catalogue.prepared.get(key)
    return (item.entry.translation_of or key) if item else key


def _kin(found: Finds, ids: Sequence[str], catalogue: Catalogue) -> Row:
    """Every entry has been read by the multilingual encoder, so that all can be compared."""
    there = [key for key in found if key in catalogue.prepared]
    if not there:
        return np.zeros(len(ids))
    first = max(there, key=lambda key: found[key])
    questions = [some[0] for some in catalogue.vectors["multi"].vectors([first, *ids])]
    result: Row = np.array([float(one @ questions[0]) for one in questions[1:]])
    return result * found[first]
