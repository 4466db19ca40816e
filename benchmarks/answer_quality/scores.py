"""Judging predictions: accuracy, silence, and Matthews' correlation at a threshold of one's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import matthews_corrcoef

from bot.routing import EvidenceDigest, EvidenceItem, NluReading, decide
from web.evaluation import metrics
from web.evaluation.expectation import judge
from web.evaluation.files import Question
from web.evaluation.summary import Asked

#: Where there is nothing to choose one on: of probabilities, what is more likely than not.
DEFAULT_THRESHOLD = 0.5
_OUTSIDE = ""
_QUESTION = 0.95


@dataclass(frozen=True, slots=True)
class Prediction:
    """What an arm gave for a question of a trial, best first, and in how many seconds."""

    set_name: str
    part: str
    row: Question
    ranking: tuple[tuple[str, float], ...]
    seconds: float

    @property
    def top(self) -> tuple[str, float]:
        """The first id with its score; nothing at all is ("", -inf)."""
        return self.ranking[0] if self.ranking else (_OUTSIDE, -np.inf)

    @property
    def expected(self) -> tuple[str, ...]:
        """The ids that answer it."""
        return self.row.expected.ids

    @property
    def hit(self) -> bool:
        """Whether the first is one of them."""
        return self.top[0] in self.expected


def thresholds(predictions: Sequence[Prediction]) -> dict[tuple[str, str], float]:
    """For each trial, the score above which an answer is given.

    It is the one with the greatest Matthews correlation on the *other* trials of the same set;
    where these hold no question that nothing answers, on the other sets' trials.
    """
    trials = list(dict.fromkeys((one.set_name, one.part) for one in predictions))
    found = {}
    for trial in trials:
        others = [one for one in predictions if (one.set_name, one.part) != trial]
        own = [one for one in others if one.set_name == trial[0]]
        foreign = [one for one in others if one.set_name != trial[0]]
        usable = next((some for some in (own, foreign) if _teaches(some)), None)
        found[trial] = best_threshold(usable) if usable else DEFAULT_THRESHOLD
    return found


def _teaches(predictions: Sequence[Prediction]) -> bool:
    return len({one.row.expected.covered for one in predictions}) == 2


def best_threshold(predictions: Sequence[Prediction]) -> float:
    """The threshold with the greatest Matthews correlation, at most a hundred of them tried."""
    tops = np.array([one.top[1] for one in predictions])
    tried = np.unique(np.quantile(tops[np.isfinite(tops)], np.linspace(0, 0.99, 100)))
    return float(max(tried, key=lambda t: correlation(predictions, float(t))))


def correlation(predictions: Sequence[Prediction], threshold: float) -> float:
    """Matthews' correlation over all labels and "none of them" (Gorodkin 2004, as HINT3 has it)."""
    truth, given = zip(*(_labels(one, threshold) for one in predictions), strict=True)
    return float(matthews_corrcoef(truth, given))


def _labels(one: Prediction, threshold: float) -> tuple[str, str]:
    top, score = one.top
    given = top if score >= threshold else _OUTSIDE
    if not one.expected:
        return _OUTSIDE, given
    return given if given in one.expected else one.expected[0], given


def figures(predictions: Sequence[Prediction], limits: Mapping[Any, float]) -> dict[str, Any]:
    """The figures of a set's predictions, each trial at its own threshold."""
    covered = [one for one in predictions if one.expected]
    outside = [one for one in predictions if not one.expected]
    by_trial: dict[str, list[Prediction]] = defaultdict(list)
    for one in predictions:
        by_trial[one.part].append(one)
    own = {part: limits[some[0].set_name, part] for part, some in by_trial.items()}
    matthews = [correlation(some, own[part]) for part, some in by_trial.items()]
    return {
        "covered": len(covered),
        "uncovered": len(outside),
        "hit@1": _mean([one.hit for one in covered]),
        "in-scope accuracy": _mean([one.hit and one.top[1] >= own[one.part] for one in covered]),
        "out-of-scope recall": _mean([one.top[1] < own[one.part] for one in outside]),
        "mcc": _mean(matthews) if outside else None,
        "auroc": metrics.auroc([one.top[1] for one in covered], [one.top[1] for one in outside]),
        "ms": 1e3 * float(np.median([one.seconds for one in predictions])),
        "thresholds": {part: round(limit, 4) for part, limit in own.items()},
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def as_asked(one: Prediction) -> Asked:
    """The record that ``grapevine eval`` would write of it: this product's routing rule on what
    retrieval gave, the message taken for a question."""
    items = tuple(
        EvidenceItem(key, 1, min(1.0, max(0.0, p)), one.row.lang) for key, p in one.ranking[:8]
    )
    directive = decide(
        EvidenceDigest(one.row.lang, items), NluReading("ask_question", _QUESTION, one.row.lang)
    ).first
    expected = one.row.expected
    record = {
        "text": one.row.text,
        "route": directive.route,
        "entry_ids": list(directive.entry_ids[:3]),
        "ranking": [key for key, _ in one.ranking],
        "p": round(one.top[1], 4) if one.ranking else 0.0,
        "expect": expected.to_json(),
        "outcome": judge(expected, directive.route, directive.entry_ids[:3]),
        "degraded": False,
        "ms": {"retrieval": round(1e3 * one.seconds, 2)},
    }
    return Asked(record, expected, one.row.kind, one.row.lang, False, one.seconds)
