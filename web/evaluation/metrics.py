"""The figures themselves: pure functions over arrays, each with its definition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BINS = 15


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Area under the ROC curve: P(a positive scores above a negative), ties counted half.

    Hanley and McNeil 1982, by way of the Mann-Whitney statistic. None where a side is empty.
    """
    if not positive or not negative:
        return None
    scores = np.concatenate([np.asarray(positive, float), np.asarray(negative, float)])
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    mid_ranks = (ends - (counts - 1) / 2.0)[inverse]
    n, m = len(positive), len(negative)
    return float((mid_ranks[:n].sum() - n * (n + 1) / 2.0) / (n * m))


def aupr(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Average precision of ranking positives above negatives; ties share one threshold.

    None where there is no positive.
    """
    if not positive:
        return None
    scores = np.concatenate([np.asarray(positive, float), np.asarray(negative, float)])
    truth = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    order = np.argsort(-scores, kind="stable")
    scores, truth = scores[order], truth[order]
    last_of_tie = np.append(np.nonzero(np.diff(scores))[0], len(scores) - 1)
    hits = np.cumsum(truth)[last_of_tie]
    precision = hits / (last_of_tie + 1)
    recall = hits / len(positive)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def calibration_error(p: Sequence[float], correct: Sequence[bool]) -> float | None:
    """Expected calibration error over 15 bins of equal mass.

    Naeini et al. 2015 with quantile bins: the mean over questions of the gap between the mean
    stated probability of a bin and the share that was correct in it. None where empty.
    """
    bins = reliability(p, correct)
    if not bins:
        return None
    return sum(count * abs(stated - share) for stated, share, count in bins) / len(p)


def reliability(p: Sequence[float], correct: Sequence[bool]) -> list[tuple[float, float, int]]:
    """The reliability diagram (DeGroot & Fienberg 1983) over 15 bins of equal mass, the least
    sure first: mean stated probability, share that was correct, questions."""
    order = np.argsort(np.asarray(p, float), kind="stable")
    stated = np.asarray(p, float)[order]
    truth = np.asarray(correct, float)[order]
    bins = [b for b in np.array_split(np.arange(len(stated)), _BINS) if len(b)]
    return [(float(stated[b].mean()), float(truth[b].mean()), len(b)) for b in bins]


def reciprocal_rank(ranking: Sequence[str], expected: Sequence[str]) -> float:
    """1 over the place of the first expected id, 0 where it is not in the ranking."""
    for place, entry in enumerate(ranking, start=1):
        if entry in expected:
            return 1.0 / place
    return 0.0


def quantile(values: Sequence[float], q: float) -> float | None:
    """The ``q`` quantile by linear interpolation; None where there are no values."""
    if not values:
        return None
    array: NDArray[np.float64] = np.asarray(values, float)
    return float(np.quantile(array, q))
