"""Fitting a conditional logit with an outside option, on questions with their candidates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from retrieval.calibration import Calibration
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates, Pair, Row
from retrieval.types import Lang

PAIRS: tuple[Pair, ...] = ("en-en", "zh-zh", "cross", "worded")
LANGS: tuple[Lang, ...] = ("en", "zh")
_COVERED_SHARE = 0.75
_RIDGE = 1e-4

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """One question with the candidates found for it.

    ``family[i]`` numbers candidate i's choice; ``gold`` is the number of the right choice, None
    where the question is not covered, and -1 where the right entry was not even a candidate.
    """

    source: str
    lang: Lang
    found: Candidates
    family: NDArray[np.int64]
    gold: int | None

    @classmethod
    def of(
        cls,
        source: str,
        lang: Lang,
        found: Candidates,
        families: Mapping[str, str],
        gold: Collection[str],
    ) -> Case:
        """``families`` names the choice of every entry, ``gold`` the entries that answer."""
        names = [families[key] for key in found.ids]
        numbers = {name: n for n, name in enumerate(dict.fromkeys(names))}
        right = [numbers.get(families[key], -1) for key in gold]
        family = np.array([numbers[name] for name in names], dtype=np.int64)
        return cls(source, lang, found, family, max(right) if right else None)

    def best(self, utility: Row) -> Row:
        """The utility of each choice: that of the best of its members."""
        best: Row = np.full(int(self.family.max()) + 1 if len(self.family) else 0, -np.inf)
        np.maximum.at(best, self.family, utility)
        return best


def fit(cases: Sequence[Case]) -> tuple[dict[Pair, Row], dict[Lang, Row]]:
    """Weighted maximum likelihood with a small ridge penalty, by L-BFGS.

    Every source weighs the same, and covered questions make up 75 % of the weight: about what a
    base in use sees.
    """
    usable = usable_of(cases)
    width, none_width = len(FEATURES) + 1, len(QUERY_FEATURES) + 1
    mean, scale = scaling(usable)
    stack = Stack.of(usable, mean, scale)
    entries = len(PAIRS) * width

    def loss(x: Array) -> tuple[float, Array]:
        value, slope = stack.loss(x[:entries].reshape(-1, width), x[entries:].reshape(2, -1))
        return value + _RIDGE * float(x @ x), slope + 2 * _RIDGE * x

    start = np.zeros(entries + len(LANGS) * none_width)
    # A better match never counts against an entry: sources of another kind than those fitted on
    # are judged better so.
    bounds = ([(0.0, None)] * (width - 1) + [(None, None)]) * len(PAIRS)
    bounds += [(None, None)] * (len(LANGS) * none_width)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    entry: dict[Pair, Row] = {}
    for n, (pair, scaled) in enumerate(zip(PAIRS, best[:entries].reshape(-1, width), strict=True)):
        plain = scaled[:-1] / scale[n]
        entry[pair] = np.append(plain, scaled[-1] - float(plain @ mean[n]))
    return entry, dict(zip(LANGS, best[entries:].reshape(2, -1), strict=True))


def with_worded(weights: Calibration, cases: Sequence[Case]) -> Calibration:
    """``weights`` with those of entries with many phrasings, by maximum likelihood on ``cases``;
    all others stay as they are, but for a shift of "nothing answers" where there are such."""
    usable = usable_of(cases)
    number = PAIRS.index("worded")
    mean, scale = scaling(usable)
    mean[:number], scale[:number] = 0.0, 1.0
    stack = Stack.of(usable, mean, scale)
    shape = (len(PAIRS), len(FEATURES) + 1)
    flat = np.zeros(shape[1])
    entry = np.stack([weights.entry.get(pair, flat) for pair in PAIRS])
    none = np.stack([weights.none[lang] for lang in LANGS])
    shift = QUERY_FEATURES.index("worded")

    def loss(x: Array) -> tuple[float, Array]:
        entry[number], none[:, shift] = x[:-1], x[-1]
        value, slope = stack.loss(entry, none)
        by_entry = slope[: entry.size].reshape(shape)[number]
        by_none = slope[entry.size :].reshape(none.shape)[:, shift].sum()
        return value + _RIDGE * float(x @ x), np.append(by_entry, by_none) + 2 * _RIDGE * x

    bounds = [(0.0, None)] * (shape[1] - 1) + [(None, None)] * 2
    x = minimize(loss, np.zeros(shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    plain = x[:-2] / scale[number]
    row = np.append(plain, x[-2] - float(plain @ mean[number]))
    outside = {lang: one.copy() for lang, one in weights.none.items()}
    for lang in outside:
        outside[lang][shift] = x[-1]
    return replace(weights, entry={**weights.entry, "worded": row}, none=outside)


def rescaled(weights: Calibration, cases: Sequence[Case]) -> Calibration:
    """The same ranking with other probabilities: one scale for all utilities and, by language, a
    shift of "nothing answers", by maximum likelihood on ``cases`` (Platt 1999 for the logit)."""
    usable = usable_of(cases)
    share = np.array(weights_of(usable))
    lang = np.array([LANGS.index(case.lang) for case in usable])
    judged = [weights.both(case.found, case.lang) for case in usable]
    none = np.array([outside for _, outside in judged])
    best = [case.best(both[0]) for case, both in zip(usable, judged, strict=True)]
    padded = np.full((len(usable), max(map(len, best))), -np.inf)
    for row, values in zip(padded, best, strict=True):
        row[: len(values)] = values
    uncovered = np.array([case.gold is None for case in usable])
    chosen = np.array([0 if case.gold is None else case.gold for case in usable])
    right = padded[np.arange(len(usable)), chosen]

    def loss(x: Array) -> float:
        outside = none * x[0] + x[1 + lang]
        total = np.logaddexp(logsumexp(padded * x[0], axis=1), outside)
        return float(share @ (total - np.where(uncovered, outside, right * x[0])))

    x = minimize(loss, np.array([1.0, *(0.0 for _ in LANGS)]), method="Nelder-Mead").x
    shift = dict(zip(LANGS, x[1:].tolist(), strict=True))
    if weights.network is not None:
        return replace(weights, network=weights.network.scaled(float(x[0]), shift))
    outside = {name: row * x[0] for name, row in weights.none.items()}
    for name, row in outside.items():
        row[-1] += shift[name]
    return replace(
        weights, entry={pair: row * x[0] for pair, row in weights.entry.items()}, none=outside
    )


def usable_of(cases: Sequence[Case]) -> list[Case]:
    """Those that a choice can be learnt from: the right one is among the candidates."""
    return [case for case in cases if case.gold != -1 and case.found.ids]


@dataclass(frozen=True, slots=True)
class Stack:
    """All questions as flat arrays: rows of candidates, ordered by question and by choice.

    ``choices[i]`` is the first row of choice i, ``questions[q]`` the first choice of question q;
    ``right[q]`` the right choice, -1 for the outside option.
    """

    rows: Array
    pair: NDArray[np.int64]
    choices: NDArray[np.int64]
    questions: NDArray[np.int64]
    right: NDArray[np.int64]
    message: Array
    lang: NDArray[np.int64]
    weight: Array

    @classmethod
    def of(cls, cases: Sequence[Case], mean: Array, scale: Array) -> Stack:
        """Stack cases, their features centred by ``mean`` and divided by ``scale``."""
        rows: list[Array] = []
        pair: list[int] = []
        choices: list[NDArray[np.int64]] = []
        questions: list[int] = []
        right: list[int] = []
        at = count = 0
        for case in cases:
            order = np.argsort(case.family, kind="stable")
            firsts = np.flatnonzero(np.diff(case.family[order], prepend=-1))
            questions.append(count)
            choices.append(firsts + at)
            count += len(firsts)
            right.append(-1 if case.gold is None else questions[-1] + case.gold)
            mine = [PAIRS.index(case.found.pairs[i]) for i in order]
            rows.append((case.found.rows[order] - mean[mine]) / scale[mine])
            pair += mine
            at += len(order)
        stacked = np.concatenate(rows)
        messages = np.array([case.found.query for case in cases])
        return cls(
            rows=np.hstack([stacked, np.ones((len(stacked), 1))]),
            pair=np.array(pair),
            choices=np.concatenate(choices),
            questions=np.array(questions),
            right=np.array(right),
            message=np.hstack([messages, np.ones((len(cases), 1))]),
            lang=np.array([LANGS.index(case.lang) for case in cases]),
            weight=np.array(weights_of(cases)),
        )

    def loss(self, entry: Array, none: Array) -> tuple[float, Array]:
        """Weighted loss and gradient; a choice is as good as the best of its members."""
        utility = np.einsum("rf,rf->r", self.rows, entry[self.pair])
        best = np.maximum.reduceat(utility, self.choices)
        sizes = np.diff(np.append(self.choices, len(utility)))
        leads = np.flatnonzero(utility == np.repeat(best, sizes))
        leads = leads[np.searchsorted(leads, self.choices)]
        counts = np.diff(np.append(self.questions, len(best)))
        outside = np.einsum("qf,qf->q", self.message, none[self.lang])
        top = np.maximum(np.maximum.reduceat(best, self.questions), outside)
        shifted = np.exp(best - np.repeat(top, counts))
        away = np.exp(outside - top)
        total = np.add.reduceat(shifted, self.questions) + away
        p, p_none = shifted / np.repeat(total, counts), away / total
        covered = self.right >= 0
        chosen = np.where(covered, p[self.right], p_none)
        slope, slope_none = p * np.repeat(self.weight, counts), p_none * self.weight
        slope[self.right[covered]] -= self.weight[covered]
        slope_none[~covered] -= self.weight[~covered]
        gradient, gradient_none = np.zeros_like(entry), np.zeros_like(none)
        for number in range(len(entry)):
            mine = self.pair[leads] == number
            gradient[number] = slope[mine] @ self.rows[leads[mine]]
        for number in range(len(none)):
            mine = self.lang == number
            gradient_none[number] = slope_none[mine] @ self.message[mine]
        value = -float(self.weight @ np.log(np.maximum(chosen, 1e-12)))
        return value, np.concatenate([gradient.ravel(), gradient_none.ravel()])


def weights_of(cases: Sequence[Case]) -> list[float]:
    """What each counts: every source the same, and within it the covered three quarters."""
    groups: dict[tuple[str, Lang, bool], int] = defaultdict(int)
    for case in cases:
        groups[case.source, case.lang, case.gold is not None] += 1
    sources = len({(source, lang) for source, lang, _ in groups})
    return [
        (_COVERED_SHARE if case.gold is not None else 1 - _COVERED_SHARE)
        / groups[case.source, case.lang, case.gold is not None]
        / sources
        for case in cases
    ]


def scaling(cases: Sequence[Case]) -> tuple[Array, Array]:
    """Mean and scale of every feature by pair; what never varies is given no say."""
    stacked = np.concatenate([case.found.rows for case in cases])
    pairs = np.array([PAIRS.index(pair) for case in cases for pair in case.found.pairs])
    mean, scale = np.zeros((len(PAIRS), stacked.shape[1])), np.ones((len(PAIRS), stacked.shape[1]))
    for number in range(len(PAIRS)):
        mine = stacked[pairs == number]
        if len(mine):
            mean[number] = mine.mean(axis=0)
            deviation = mine.std(axis=0)
            scale[number] = np.where(deviation > 1e-6, deviation, 1e9)
    return mean, scale
