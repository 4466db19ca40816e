"""What corrections do to the probabilities of judged replies, counted for people to look at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.correction import Correction
from retrieval.refit import Judgement, Source

_BINS = 5
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Bin:
    """Replies of like probability: how many, what was said of them as fitted and as corrected
    (means), and the share that was right."""

    count: int
    fitted: float
    corrected: float
    right: float


@dataclass(frozen=True, slots=True)
class Part:
    """The judgements of one source. Log loss is the mean of minus the logarithm of the
    probability given to what turned out; smaller is better."""

    source: Source
    count: int
    right: float
    log_loss_fitted: float
    log_loss_corrected: float


@dataclass(frozen=True, slots=True)
class Effect:
    """The reliability diagram (DeGroot & Fienberg 1983) over five bins of equal mass, the least
    sure first, and the log loss by source."""

    bins: tuple[Bin, ...]
    parts: tuple[Part, ...]

    @property
    def helps(self) -> bool:
        """Whether the log loss over all is less than as fitted."""
        gains = (one.count * (one.log_loss_fitted - one.log_loss_corrected) for one in self.parts)
        return sum(gains) > 0


def effect_of(judgements: Sequence[Judgement], corrections: Sequence[Correction]) -> Effect:
    """The effect where each judgement's own correction is applied to its reply."""
    as_fitted = Correction()
    fitted = np.array([one.stated(as_fitted) for one in judgements])
    pairs = zip(judgements, corrections, strict=True)
    corrected = np.array([one.stated(correction) for one, correction in pairs])
    held = np.array([one.held for one in judgements])
    order = np.argsort(fitted, kind="stable")
    bins = [
        Bin(len(b), float(fitted[b].mean()), float(corrected[b].mean()), float(held[b].mean()))
        for b in np.array_split(order, _BINS)
        if len(b)
    ]
    parts = []
    sources: tuple[Source, ...] = ("verdict", "thumb")
    for source in sources:
        mine = [n for n, one in enumerate(judgements) if one.source == source]
        if mine:
            losses = (_log_loss(p[mine], held[mine]) for p in (fitted, corrected))
            parts.append(Part(source, len(mine), float(held[mine].mean()), *losses))
    return Effect(tuple(bins), tuple(parts))


def _log_loss(p: np.ndarray, held: np.ndarray) -> float:
    given = np.where(held, p, 1.0 - p)
    return math.fsum(-math.log(max(one, _LEAST)) for one in given) / len(given)
