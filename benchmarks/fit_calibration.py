"""Fit the weights of retrieval's calibration and write them to ``retrieval/data``.

``python -m benchmarks.fit_calibration --data DIR [--out FILE] [--cache DIR] [--model-dir DIR]``

Uses training data alone (see :mod:`benchmarks.calibration_worlds`). For the report every source
is held out once and judged by weights fitted on the others; the written weights are fitted on all.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.calibration_worlds import World, all_worlds
from retrieval.calibration import DEFAULT_FILE, HEAD_FEATURES, Calibration
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates, Pair
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.types import Lang

PAIRS: tuple[Pair, ...] = ("en-en", "zh-zh", "cross")
LANGS: tuple[Lang, ...] = ("en", "zh")
ENCODERS = ("all-minilm-l6-v2", "multilingual-e5-small")
_COVERED_SHARE = 0.7
_RIDGE = 1e-4
_HEAD_RIDGE = 2e-3
_WIDTH = len(FEATURES) + 1
_NONE_WIDTH = len(QUERY_FEATURES) + 1

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """One question with the candidates found for it. ``family[i]`` numbers candidate i's choice;
    ``gold`` is the number of the right choice, None where the question is not covered, and -1
    where the right entry was not even a candidate."""

    source: str
    lang: Lang
    found: Candidates
    family: Array
    gold: int | None


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the worlds, fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the public sets")
    parser.add_argument("--out", type=Path, default=DEFAULT_FILE)
    parser.add_argument("--cache", type=Path, help="folder of converted models")
    parser.add_argument("--model-dir", type=Path, help="folder of model packages")
    parser.add_argument("--encoder-en", default=ENCODERS[0])
    parser.add_argument("--encoder-multi", default=ENCODERS[1])
    options = parser.parse_args(arguments)
    encoders = (options.encoder_en, options.encoder_multi)
    store = ModelStore(options.cache, options.model_dir)
    worlds = list(all_worlds(options.data))
    cases = [case for world in worlds for case in cases_of(world, store, encoders)]
    report = cross_validate(cases)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in cases:
        counts[case.source][0 if case.gold is not None else 1] += 1
    notes = {
        "questions (covered, not covered)": dict(counts),
        "each source judged by weights fitted on the others": report,
    }
    Calibration(encoders, *fit(cases)).write(options.out, notes)
    print(f"{len(cases)} questions of {len(worlds)} worlds; written to {options.out}")


def cases_of(world: World, store: ModelStore, encoders: tuple[str, str] = ENCODERS) -> list[Case]:
    """Ask every question of a world and keep the candidates' features."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Calibration(encoders, {}, {})
        retriever = HybridRetriever(store, Path(folder), *encoders, calibration=empty)
        retriever.load()
        retriever.replace_all(world.entries)
        families = {entry.id: entry.translation_of or entry.id for entry in world.entries}
        cases = []
        for ask in world.asks:
            found = retriever.candidates(ask.text, ask.lang)
            names = [families[key] for key in found.ids]
            numbers = {name: n for n, name in enumerate(dict.fromkeys(names))}
            right = {numbers.get(families[key], -1) for key in ask.gold}
            family = np.array([numbers[name] for name in names], dtype=np.float64)
            gold = None if not ask.gold else max(right)
            cases.append(Case(world.source, ask.lang, found, family, gold))
        return cases


def calibrate(cases: Sequence[Case]) -> Calibration:
    """Both models: first what ranks, then what judges the first of the ranking."""
    first = Calibration(ENCODERS, *fit(cases))
    return Calibration(ENCODERS, first.entry, first.none, fit_head(cases, first))


def fit_head(cases: Sequence[Case], first: Calibration) -> Array:
    """Logistic regression, weighted as in :func:`fit`, of "the first choice is right"."""
    cases = [case for case in cases if case.found.ids]
    rows, right = [], []
    for case in cases:
        utility, best = _utilities(case, first)
        rows.append(first.head_row(case.found, utility, best, case.lang))
        right.append(int(best.argmax()) == case.gold)
    plain, weight = np.array(rows), np.array(_weights(cases))
    sign = np.where(right, 1.0, -1.0)
    mean, scale = plain.mean(axis=0), plain.std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1e9)
    design = np.hstack([(plain - mean) / scale, np.ones((len(plain), 1))])
    weight = weight / weight.sum()

    def loss(x: Array) -> tuple[float, Array]:
        margin = sign * (design @ x)
        slope = -weight * sign / (1 + np.exp(np.clip(margin, -500, 500)))
        value = float(weight @ np.logaddexp(0, -margin)) + _HEAD_RIDGE * float(x[:-1] @ x[:-1])
        return value, design.T @ slope + 2 * _HEAD_RIDGE * np.append(x[:-1], 0.0)

    start = np.zeros(len(HEAD_FEATURES) + 1)
    scaled = minimize(loss, start, jac=True, method="L-BFGS-B").x
    weights = scaled[:-1] / scale
    return np.append(weights, scaled[-1] - float(weights @ mean))


def _utilities(case: Case, weights: Calibration) -> tuple[Array, Array]:
    """Utilities of a case's candidates and of its choices."""
    utility = weights.utilities(case.found)
    best = np.full(int(case.family.max()) + 1 if len(case.family) else 0, -np.inf)
    np.maximum.at(best, case.family.astype(np.int64), utility)
    return utility, best


def fit(cases: Sequence[Case]) -> tuple[dict[Pair, Array], dict[Lang, Array]]:
    """Weighted maximum likelihood with a small ridge penalty, by L-BFGS.

    Every source weighs the same, and covered questions make up 70 % of the weight: about what a
    base in use sees.
    """
    usable = [case for case in cases if case.gold != -1 and case.found.ids]
    mean, scale = _scaling(usable)
    stack = _Stack.of(usable, mean, scale)
    entries = len(PAIRS) * _WIDTH

    def loss(x: Array) -> tuple[float, Array]:
        value, slope = stack.loss(x[:entries].reshape(-1, _WIDTH), x[entries:].reshape(2, -1))
        return value + _RIDGE * float(x @ x), slope + 2 * _RIDGE * x

    start = np.zeros(entries + len(LANGS) * _NONE_WIDTH)
    # A better match never counts against an entry: sources of another kind than those fitted on
    # are judged better so.
    bounds = ([(0.0, None)] * (_WIDTH - 1) + [(None, None)]) * len(PAIRS)
    bounds += [(None, None)] * (len(LANGS) * _NONE_WIDTH)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    entry: dict[Pair, Array] = {}
    for n, (pair, scaled) in enumerate(zip(PAIRS, best[:entries].reshape(-1, _WIDTH), strict=True)):
        plain = scaled[:-1] / scale[n]
        entry[pair] = np.append(plain, scaled[-1] - float(plain @ mean[n]))
    none = dict(zip(LANGS, best[entries:].reshape(2, -1), strict=True))
    return entry, none


@dataclass(frozen=True, slots=True)
class _Stack:
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
    def of(cls, cases: Sequence[Case], mean: Array, scale: Array) -> _Stack:
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
            weight=np.array(_weights(cases)),
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
        np.add.at(gradient, self.pair[leads], self.rows[leads] * slope[:, None])
        np.add.at(gradient_none, self.lang, self.message * slope_none[:, None])
        value = -float(self.weight @ np.log(np.maximum(chosen, 1e-12)))
        return value, np.concatenate([gradient.ravel(), gradient_none.ravel()])


def _weights(cases: Sequence[Case]) -> list[float]:
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


def _scaling(cases: Sequence[Case]) -> tuple[Array, Array]:
    """Mean and scale of every feature by pair; what never varies is given no say."""
    stacked = np.concatenate([case.found.rows for case in cases])
    pairs = np.array([PAIRS.index(pair) for case in cases for pair in case.found.pairs])
    mean, scale = np.zeros((len(PAIRS), len(FEATURES))), np.ones((len(PAIRS), len(FEATURES)))
    for number in range(len(PAIRS)):
        mine = stacked[pairs == number]
        if len(mine):
            mean[number] = mine.mean(axis=0)
            deviation = mine.std(axis=0)
            scale[number] = np.where(deviation > 1e-6, deviation, 1e9)
    return mean, scale


def cross_validate(cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    """Hold out each family of sources once; print and return how the others' weights do on it.

    The shop is the only source of cross-language questions: it is halved instead.
    """
    report: dict[str, dict[str, float]] = {}
    judged: dict[str, list[tuple[Case, Calibration]]] = defaultdict(list)
    folds = [(family, half) for family in sorted({_family(c) for c in cases}) for half in (0, 1)]
    for family, half in folds:
        if family != "shop" and half:
            continue
        out = [
            _family(c) == family and (family != "shop" or n // 3 % 2 == half)
            for n, c in enumerate(cases)
        ]
        weights = calibrate([c for c, o in zip(cases, out, strict=True) if not o])
        for case, held in zip(cases, out, strict=True):
            if held:
                judged[case.source].append((case, weights))
    for source, pairs in sorted(judged.items()):
        report[source] = judge(pairs)
        print(f"{source:20s}", report[source])
    return report


def _family(case: Case) -> str:
    return case.source.partition("-")[0]


def judge(judged: Sequence[tuple[Case, Calibration]]) -> dict[str, float]:
    """Of the covered hit@1 and right at p >= 0.5, of the uncovered silent below it; AUROC, ECE."""
    tops, hits, covered = [], [], []
    for case, weights in judged:
        utility, best = _utilities(case, weights)
        p = weights.probabilities(case.found, utility, best, case.lang)
        tops.append(float(p.max()) if len(p) else 0.0)
        hits.append(bool(len(p)) and int(best.argmax()) == case.gold)
        covered.append(case.gold is not None)
    top, hit, cover = np.array(tops), np.array(hits), np.array(covered)
    figures = {
        "hit@1": hit[cover].mean(),
        "right": (hit & (top >= 0.5))[cover].mean(),
        "silent": (top < 0.5)[~cover].mean(),
        "right at 80 % silent": (hit & (top > np.quantile(top[~cover], 0.8)))[cover].mean(),
        "auroc": (top[cover][:, None] > top[~cover][None, :]).mean(),
        "ece": _ece(top, hit),
    }
    return {name: round(float(value), 3) for name, value in figures.items()}


def _ece(p: Array, right: NDArray[np.bool_]) -> float:
    """Expected calibration error over 15 bins of equal mass."""
    order = np.argsort(p)
    bins = np.array_split(order, 15)
    return float(sum(len(b) * abs(p[b].mean() - right[b].mean()) for b in bins if len(b)) / len(p))


if __name__ == "__main__":
    main()
