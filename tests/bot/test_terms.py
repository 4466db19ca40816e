"""Costs and evidence from JSON: what is read, and what is refused with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.routing import (
    DEFAULT_COSTS,
    ROUTES,
    STATES,
    CostMatrix,
    EvidenceDigest,
    RoutingError,
)

DIGEST: dict[str, Any] = {
    "v": 1,
    "lang": "zh",
    "items": [
        {"id": "a", "rev": 3, "p": 0.5, "lang": "zh"},
        {"id": "b", "rev": 1, "p": 0.25, "lang": "en", "of": "a"},
    ],
    "features": {"margin": 0.25},
}


def test_round_trips() -> None:
    assert EvidenceDigest.from_dict(DIGEST).to_dict() == DIGEST
    raw = json.loads(json.dumps(DEFAULT_COSTS.to_dict()))
    assert CostMatrix.from_dict(raw) == DEFAULT_COSTS
    assert set(raw["matrix"]) == set(ROUTES)
    assert all(set(row) == set(STATES) for row in raw["matrix"].values())


def broken(raw: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    copy = json.loads(json.dumps(raw))
    *steps, last = path.split(".")
    place = copy
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("v", 2, "evidence.v must be 1"),
        ("lang", "", "evidence.lang"),
        ("items", {}, "evidence.items must be a list"),
        ("items", DIGEST["items"] * 5, "at most 8"),
        ("items.0.p", 1.5, r"evidence.items\[0\].p must lie between 0 and 1"),
        ("items.1.p", float("nan"), r"evidence.items\[1\].p must be a finite number"),
        ("items.0.p", True, "finite number"),
        ("items.0.id", 7, r"items\[0\].id must be a text"),
        ("items.0.rev", -1, r"items\[0\].rev must be a whole number"),
        ("items.1.of", "", r"items\[1\].of"),
        ("features.margin", "much", "evidence.features.margin"),
    ],
)
def test_bad_evidence_is_refused(path: str, value: object, words: str) -> None:
    with pytest.raises(RoutingError, match=words):
        EvidenceDigest.from_dict(broken(DIGEST, path, value))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("revision", "1", "costs.revision"),
        ("revision", True, "costs.revision"),
        ("matrix", None, "costs.matrix must be an object"),
        ("matrix.answer", KeyError, "costs.matrix lacks route answer"),
        ("matrix.shout", {}, "has unknown route shout"),
        ("matrix.answer.top", KeyError, "costs.matrix.answer lacks state top"),
        ("matrix.answer.top", -1, "costs.matrix.answer.top must lie between 0"),
        ("matrix.answer.top", "low", "costs.matrix.answer.top must be a finite number"),
    ],
)
def test_bad_costs_are_refused(path: str, value: object, words: str) -> None:
    with pytest.raises(RoutingError, match=words):
        CostMatrix.from_dict(broken(DEFAULT_COSTS.to_dict(), path, value))


@pytest.mark.parametrize("raw", [None, [], "x", 3])
def test_what_is_no_object_is_refused(raw: object) -> None:
    with pytest.raises(RoutingError, match="must be an object"):
        EvidenceDigest.from_dict(raw)
    with pytest.raises(RoutingError, match="must be an object"):
        CostMatrix.from_dict(raw)
