"""Fitting a correction to judged replies, by maximum a posteriori.

Nouns: *judgement* (what was said of one reply, by whom), *prior* (what is believed before any),
*fitted* (the correction, and how much readier the cross were to give a thumb than the content).

Thumbs come from few and rather from the cross. Sampling that depends on the outcome leaves a
logit's slope as it is and moves its constant (Prentice & Pyke 1979). So thumbs have a constant of
their own, ``bias``, which takes up most of what they say about the level; verdicts of curators, who
look at what they are shown and not at what annoyed them, have none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from retrieval.correction import MAX_SCALE, MAX_SHIFT, MIN_SCALE, Correction, log_cells

Verdict = Literal["right", "wrong", "not-covered"]
Source = Literal["thumb", "verdict"]
Array = NDArray[np.float64]

_FOLDS = 5
_MAX_BIAS = 5.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was said of one reply.

    ``p`` and ``none`` are the probabilities before any correction. ``named`` are the places, in
    ``p``, of the entries that the reply gave or offered; none of them for an honest no.
    ``weight``: how much it counts; a curator's verdict counts 1.
    """

    p: tuple[float, ...]
    none: float
    named: tuple[int, ...]
    verdict: Verdict
    source: Source = "verdict"
    weight: float = 1.0

    @property
    def held(self) -> bool:
        """Whether the reply was right: one of its entries answers, or none does and it said so."""
        return self.verdict == "right" or (self.verdict == "not-covered" and not self.named)

    def stated(self, correction: Correction) -> float:
        """The probability that the reply is right."""
        p, none = correction.apply(self.p, self.none)
        return min(1.0, float(p[list(self.named)].sum())) if self.named else none


@dataclass(frozen=True, slots=True)
class Prior:
    """Gaussian beliefs before any judgement: standard deviations of the scale's logarithm (around
    0) and of the shift (around 0), mean and deviation of the bias of thumbs, in log-odds. About as
    far as the fitting companies lie apart, a little less: ``python -m benchmarks.thumbs``."""

    scale: float = 0.1
    shift: float = 0.5
    bias_mean: float = 0.7
    bias: float = 1.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """A correction, and the log of how many times readier the cross were to give a thumb."""

    correction: Correction
    bias: float


def fit(judgements: Sequence[Judgement], prior: Prior | None = None) -> Fitted:
    """The likeliest correction after ``judgements``; (1, 0) where there are none."""
    prior = prior or Prior()
    if not judgements:
        return Fitted(Correction(), prior.bias_mean)
    loss = _posterior(judgements, prior)
    bounds = [
        (np.log(MIN_SCALE), np.log(MAX_SCALE)),
        (-MAX_SHIFT, MAX_SHIFT),
        (-_MAX_BIAS, _MAX_BIAS),
    ]
    start = np.array([0.0, 0.0, prior.bias_mean])
    x = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    scale = min(MAX_SCALE, max(MIN_SCALE, float(np.exp(x[0]))))
    return Fitted(Correction(scale, float(x[1])), float(x[2]))


def held_out(judgements: Sequence[Judgement], prior: Prior | None = None) -> list[Correction]:
    """For each judgement the correction that the others give: every fifth is held out in turn."""
    found = [Correction()] * len(judgements)
    for fold in range(_FOLDS):
        rest = [one for n, one in enumerate(judgements) if n % _FOLDS != fold]
        correction = fit(rest, prior).correction
        found[fold::_FOLDS] = [correction] * len(found[fold::_FOLDS])
    return found


def _posterior(judgements: Sequence[Judgement], prior: Prior) -> Callable[[Array], float]:
    """Minus the log posterior, up to a constant, of log scale, shift and bias."""
    width = max(len(one.p) for one in judgements) + 2
    cells = np.full((len(judgements), width), -np.inf)
    event = np.zeros_like(cells, dtype=bool)
    for row, one in enumerate(judgements):
        logs = log_cells(np.array(one.p), one.none)
        cells[row, : len(one.p)] = logs[:-2]
        cells[row, -2:] = logs[-2:]
        if one.verdict == "not-covered" or not one.named:
            event[row, -1] = True
        else:
            event[row, list(one.named)] = True
    sign = np.array([-1.0 if one.verdict == "wrong" else 1.0 for one in judgements])
    thumb = np.array([float(one.source == "thumb") for one in judgements])
    weight = np.array([one.weight for one in judgements])

    def loss(x: Array) -> float:
        values = cells * np.exp(x[0])
        values[:, -1] += x[1]
        values -= values.max(axis=1, keepdims=True)
        mass: Any = np.exp(values)
        inside = np.where(event, mass, 0.0).sum(axis=1)
        outside = np.where(event, 0.0, mass).sum(axis=1)
        odds = np.log(np.maximum(inside, 1e-12)) - np.log(np.maximum(outside, 1e-12))
        said = weight @ np.logaddexp(0.0, -sign * (odds - thumb * x[2]))
        believed = (x[0] / prior.scale) ** 2 + (x[1] / prior.shift) ** 2
        believed += ((x[2] - prior.bias_mean) / prior.bias) ** 2
        return float(said + believed / 2)

    return loss
