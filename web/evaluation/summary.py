"""The summary over all records: in all, by kind and by language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from web.evaluation import metrics
from web.evaluation.expectation import Expectation

_WORD = r"[^\W_\u3400-\u9fff]+"
_TOKEN = re.compile(rf"[\u3400-\u9fff]|{_WORD}(?:['’]{_WORD})?")
_LENGTHS = (("up to 20", 0, 20), ("21-60", 21, 60), ("over 60", 61, 10**9))


@dataclass(frozen=True, slots=True)
class Asked:
    """A record beside what was asked."""

    record: dict[str, Any]
    expected: Expectation
    kind: str
    lang: str
    in_dialogue: bool
    seconds: float


def summarise(asked: Sequence[Asked]) -> dict[str, Any]:
    """All figures that the evaluation contract names."""
    return {
        "all": _figures(asked),
        "by_kind": _grouped(asked, lambda a: a.kind or "unnamed"),
        "by_lang": _grouped(asked, lambda a: a.lang),
        "dialogue_turns": _figures([a for a in asked if a.in_dialogue]),
        "reliability": [
            {"p": p, "right": right, "count": count}
            for p, right, count in metrics.reliability(*_stated(asked))
        ],
        "seconds": _seconds(asked),
    }


def tokens_in(text: str) -> int:
    """Length as the speed table counts it: words, and single Han characters."""
    return len(_TOKEN.findall(text))


def _grouped(asked: Sequence[Asked], key: Callable[[Asked], str]) -> dict[str, Any]:
    names = sorted({key(a) for a in asked})
    return {name: _figures([a for a in asked if key(a) == name]) for name in names}


def _figures(asked: Sequence[Asked]) -> dict[str, Any]:
    covered = [a for a in asked if a.expected.covered]
    uncovered = [a for a in asked if not a.expected.covered]
    outcomes = Counter(a.record["outcome"] for a in asked)
    routes = Counter(a.record["route"] for a in asked)
    return {
        "count": len(asked),
        "covered": len(covered),
        "uncovered": len(uncovered),
        "outcomes": dict(sorted(outcomes.items())),
        "routes": dict(sorted(routes.items())),
        "degraded": sum(a.record["degraded"] for a in asked),
        "right": _share(covered, lambda a: a.record["outcome"] == "right"),
        "clarified_right": _share(covered, lambda a: a.record["outcome"] == "clarified_right"),
        "clarified": _share(covered, lambda a: a.record["route"] == "clarify"),
        "wrong_given": _share(asked, lambda a: a.record["outcome"] == "wrong"),
        "silent_on_uncovered": _share(uncovered, lambda a: a.record["outcome"] == "declined_right"),
        "not_answered_on_uncovered": _share(uncovered, lambda a: a.record["outcome"] != "wrong"),
        "ranking": _ranking(covered),
        "coverage": _coverage(covered, uncovered),
        "calibration_error": metrics.calibration_error(*_stated(asked)),
    }


def _ranking(covered: Sequence[Asked]) -> dict[str, float | None]:
    return {
        "hit@1": _share(covered, _top_is_right),
        "mrr": _mean(
            [metrics.reciprocal_rank(a.record["ranking"], a.expected.ids) for a in covered]
        ),
        "recall@3": _mean([_recall(a, 3) for a in covered]),
    }


def _coverage(covered: Sequence[Asked], uncovered: Sequence[Asked]) -> dict[str, Any]:
    positive = [a.record["p"] for a in covered]
    sides = {
        "all": uncovered,
        "near": [a for a in uncovered if "near" in a.kind],
        "far": [a for a in uncovered if "far" in a.kind],
    }
    return {
        name: {
            "count": len(side),
            "auroc": metrics.auroc(positive, [a.record["p"] for a in side]),
            "aupr": metrics.aupr(positive, [a.record["p"] for a in side]) if side else None,
        }
        for name, side in sides.items()
    }


def _seconds(asked: Sequence[Asked]) -> dict[str, Any]:
    out: dict[str, Any] = {"all": _quantiles([a.seconds for a in asked])}
    for name, low, high in _LENGTHS:
        chosen = [a.seconds for a in asked if low <= tokens_in(a.record["text"]) <= high]
        out[name] = _quantiles(chosen)
    return out


def _quantiles(values: Sequence[float]) -> dict[str, Any]:
    return {
        "count": len(values),
        "p50": metrics.quantile(values, 0.5),
        "p95": metrics.quantile(values, 0.95),
    }


def _stated(asked: Sequence[Asked]) -> tuple[list[float], list[bool]]:
    """What was said of the first entry, and whether it was right."""
    return [a.record["p"] for a in asked], [_top_is_right(a) for a in asked]


def _top_is_right(asked: Asked) -> bool:
    ranking = asked.record["ranking"]
    return bool(ranking) and ranking[0] in asked.expected.ids


def _recall(asked: Asked, depth: int) -> float:
    found = set(asked.record["ranking"][:depth]) & set(asked.expected.ids)
    wanted = len(asked.expected.ids) if asked.expected.all_of else 1
    return min(1.0, len(found) / wanted)


def _share(asked: Sequence[Asked], test: Callable[[Asked], bool]) -> float | None:
    return _mean([float(test(a)) for a in asked])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
