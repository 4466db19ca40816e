"""A correction of two numbers, by which one base's probabilities differ from those fitted.

One scale for all utilities and one shift of "nothing answers" (Platt 1999, carried over to the
conditional logit of :mod:`retrieval.calibration`): p' ∝ p^scale, none' ∝ none^scale · exp(shift).
It never changes an order, and (1, 0) changes nothing. :mod:`retrieval.refit` finds the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.features import Row
from retrieval.types import Evidence

#: "Nothing answers" is never held impossible, or no shift could bring it back.
LEAST_NONE = 1e-6
MIN_SCALE, MAX_SCALE = 0.25, 4.0
MAX_SHIFT = 5.0


@dataclass(frozen=True, slots=True)
class Correction:
    """``scale`` above 1 makes probabilities surer, ``shift`` above 0 makes "nothing answers"
    likelier. Raises ValueError outside of the bounds of this module."""

    scale: float = 1.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        if not (MIN_SCALE <= self.scale <= MAX_SCALE and abs(self.shift) <= MAX_SHIFT):
            raise ValueError(
                f"a scale lies between {MIN_SCALE:g} and {MAX_SCALE:g}, a shift between "
                f"-{MAX_SHIFT:g} and {MAX_SHIFT:g}; got {self.scale:g} and {self.shift:g}"
            )

    @property
    def changes_nothing(self) -> bool:
        """Whether this is (1, 0)."""
        return self.scale == 1.0 and self.shift == 0.0

    def apply(self, p: Sequence[float] | Row, none: float) -> tuple[Row, float]:
        """Corrected probabilities of a ranking, and of "nothing answers".

        Args:
            p: shape (n,), the first n of a ranking; what they and ``none`` leave of 1 belongs to
                entries behind them, which are taken as one.
            none: the probability that nothing answers.
        """
        values = np.asarray(p, dtype=np.float64)
        if self.changes_nothing:
            return values, none
        cells = self.scale * log_cells(values, none)
        cells[-1] += self.shift
        exponentials = np.exp(cells - cells.max())
        shares = exponentials / exponentials.sum()
        return shares[:-2], float(shares[-1])

    def apply_apart(self, p: Sequence[float] | Row) -> Row:
        """Corrected probabilities, each of a ranking of its own whose rest is 1 - p."""
        return np.array([self.apply([one], 1.0 - one)[0][0] for one in p])


def log_cells(p: Row, none: float) -> Row:
    """Logarithms of ``p`` (n,), of what entries behind them have, and of "nothing answers"."""
    behind = max(0.0, 1.0 - float(p.sum()) - none)
    # Less is what rounding left over.
    behind = behind if behind > LEAST_NONE else 0.0
    with np.errstate(divide="ignore"):
        logs: Row = np.log(np.array([*p, behind, max(none, LEAST_NONE)]))
        return logs


def whole_of(evidence: Evidence) -> float | None:
    """The probability that nothing answers; None where the ranking is no whole of one: the parts
    of the message were answered apart, or the retriever does not tell."""
    if evidence.features.get("parts", 1.0) > 1.0:
        return None
    return evidence.features.get("none")


def corrected(evidence: Evidence, correction: Correction) -> Evidence:
    """The same ranking with corrected probabilities. Where parts of a message were answered
    apart, each is corrected by itself."""
    if correction.changes_nothing:
        return evidence
    p = [ranked.p for ranked in evidence.ranked]
    none, features = whole_of(evidence), dict(evidence.features)
    if none is None:
        found = correction.apply_apart(p)
    else:
        found, features["none"] = correction.apply(p, none)
    if "margin" in features:
        first, second = (*found[:2].tolist(), 0.0, 0.0)[:2]
        features["margin"] = first - second
    ranked = [replace(one, p=float(new)) for one, new in zip(evidence.ranked, found, strict=True)]
    return replace(evidence, ranked=tuple(ranked), features=features)
