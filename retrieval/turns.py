"""A message among its conversation: read alone, and behind the turns before it.

Which of the two readings to believe is learnt (:mod:`benchmarks.fit_calibration`), apart for
messages that lean on what was said, that may, and that stand by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.context import Lean
from retrieval.features import Candidates

#: How much of an entry's utility comes from either reading, and from the message's new words; and
#: the same of "nothing answers", with a constant.
TURN_FEATURES = ("alone", "context", "added", "none_alone", "none_context", "none")

Leaning = Literal["stands", "may", "leans"]
LEANING: Mapping[Lean, Leaning] = {
    "none": "stands", "weak": "may", "pronoun": "leans", "ellipsis": "leans", "correction": "leans",
}  # fmt: skip

Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turn:
    """The same candidates by both readings. ``added``: the share of the message's new words, by
    weight, that an entry's phrasings hold."""

    alone: Candidates
    context: Candidates
    added: Row
    leaning: Leaning


def believed(
    weights: Row, alone: tuple[Row, float], context: tuple[Row, float], added: Row
) -> tuple[Row, float]:
    """Utilities of the candidates and of "nothing answers", from those of both readings."""
    utilities = weights[0] * alone[0] + weights[1] * context[0] + weights[2] * added
    none = weights[3] * alone[1] + weights[4] * context[1] + weights[5]
    return utilities, float(none)
