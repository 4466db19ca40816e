"""Fitting how far a turn is read alone, and how far behind what was said before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from retrieval.calibration import Calibration, shares
from retrieval.turns import BESIDE, LEANING, Leaning, Turn, believed
from retrieval.types import Lang

#: Where a search for the weights begins, and what it is drawn towards.
_START = (0.5, 0.5, *(0.0 for _ in BESIDE), 0.5, 0.5, 0.0)
_RIDGE = 0.003
#: Real turns count so much together, and changes of topic that were put together the rest.
_SHARES = {"turn": 0.7, "change": 0.3}

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TurnCase:
    """One turn of a source; ``gold`` are the places of its right candidates, none where nothing
    answers, and ``covered`` says whether something does. ``kind`` is "turn" or "change"."""

    source: str
    kind: str
    lang: Lang
    turn: Turn
    covered: bool
    gold: tuple[int, ...]

    @classmethod
    def of(cls, source: str, kind: str, lang: Lang, turn: Turn, gold: Collection[str]) -> TurnCase:
        """``gold`` names the entries that answer."""
        places = tuple(n for n, key in enumerate(turn.context.ids) if key in gold)
        return cls(source, kind, lang, turn, bool(gold), places)


@dataclass(frozen=True, slots=True)
class _Read:
    alone: tuple[Array, float]
    context: tuple[Array, float]
    beside: Array
    gold: tuple[int, ...]
    weight: float


def fit_turns(
    weights: Calibration, cases: Iterable[TurnCase], usual: Collection[str] = ()
) -> Calibration:
    """``weights`` with those of turns by maximum likelihood, apart by how a message leans; then how
    sure all are, on the turns of the ``usual`` sources alone."""
    usable = [case for case in cases if bool(case.gold) == case.covered and case.turn.context.ids]
    fitted: dict[Leaning, Array] = {}
    for leaning in dict.fromkeys(LEANING.values()):
        some = [case for case in usable if case.turn.leaning == leaning]
        fitted[leaning] = _fit([_read(case, weights, some) for case in some])
    found = replace(weights, turn=fitted)
    ordinary = [case for case in usable if case.source in usual]
    return _rescaled(found, ordinary) if ordinary else found


def probabilities(case: TurnCase, weights: Calibration) -> Array:
    """Probability of each candidate."""
    return shares(*weights.of_turn(case.turn, case.lang))


def judge_turns(judged: Sequence[tuple[TurnCase, Calibration]]) -> Mapping[str, float]:
    """Of the covered hit@1 and right at p >= 0.5, of the uncovered silent below it; by kind."""
    figures: dict[str, float] = {}
    for kind in ("turn", "change"):
        some = [(case, probabilities(case, w)) for case, w in judged if case.kind == kind]
        hit = [bool(len(p)) and int(p.argmax()) in case.gold for case, p in some]
        top = [float(p.max()) if len(p) else 0.0 for _, p in some]
        covered = np.array([case.covered for case, _ in some], dtype=bool)
        if not covered.any() or covered.all():
            continue
        sure = np.array(top) >= 0.5
        figures[f"{kind} hit@1"] = float(np.mean(np.array(hit)[covered]))
        figures[f"{kind} right"] = float(np.mean((np.array(hit) & sure)[covered]))
        figures[f"{kind} silent"] = float(np.mean(~sure[~covered]))
    return {name: round(value, 3) for name, value in figures.items()}


def _read(case: TurnCase, weights: Calibration, beside: Sequence[TurnCase]) -> _Read:
    alike = sum(other.kind == case.kind for other in beside)
    return _Read(
        weights.both(case.turn.alone, case.lang),
        weights.both(case.turn.context, case.lang),
        case.turn.beside,
        case.gold,
        _SHARES[case.kind] / alike,
    )


def _rescaled(weights: Calibration, cases: Sequence[TurnCase]) -> Calibration:
    """The same order with other probabilities: one scale of all, and a shift of "nothing"."""
    judged = [weights.of_turn(case.turn, case.lang) for case in cases]
    counts = Counter(case.kind for case in cases)
    share = [_SHARES[case.kind] / counts[case.kind] for case in cases]

    def loss(x: Array) -> float:
        total = 0.0
        for case, (utilities, none), weight in zip(cases, judged, share, strict=True):
            p = shares(utilities * x[0], none * x[0] + x[1])
            total -= weight * _log_likelihood(p, case.gold)
        return total

    scale, shift = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    turn = {leaning: row * scale for leaning, row in weights.turn.items()}
    for row in turn.values():
        row[-1] += shift
    return replace(weights, turn=turn)


def _log_likelihood(p: Array, gold: Sequence[int]) -> float:
    right = p[list(gold)].sum() if gold else 1.0 - p.sum()
    return float(np.log(max(right, 1e-9)))


def _fit(cases: Sequence[_Read]) -> Array:
    start = np.array(_START)

    def loss(x: Array) -> float:
        total = _RIDGE * float((x - start) @ (x - start))
        for one in cases:
            p = shares(*believed(x, one.alone, one.context, one.beside))
            total -= one.weight * _log_likelihood(p, one.gold)
        return total

    found: Array = minimize(loss, start, method="L-BFGS-B").x
    return found
