"""Every route, by files of turns posted to the real channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Server, routes

from bot.routing import DEFAULT_COSTS, ROUTES

pytestmark = pytest.mark.slow

CASES = [
    case
    for path in sorted((Path(__file__).parents[1] / "turns").glob("*.yml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


def costs(changes: dict[str, dict[str, float]]) -> dict[str, Any]:
    raw = DEFAULT_COSTS.to_dict()
    for route, row in changes.items():
        raw["matrix"][route].update(row)
    return {**raw, "revision": 2}


def test_the_files_reach_every_route() -> None:
    assert {e["route"] for case in CASES for e in case.get("expect", [])} == set(ROUTES)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_turn(server: Server, conversation: str, case: dict[str, Any]) -> None:
    for turn in case.get("history", []):
        server.turn(conversation, turn["text"], lang=turn.get("lang"), ps=turn.get("ps", []))
    reply = server.turn(
        conversation,
        case["text"],
        lang=case.get("lang"),
        ps=case.get("ps", []),
        features=case.get("features", {}),
        costs=costs(case.get("costs", {})),
        selected_entry_id=case.get("selected_entry_id"),
    )
    assert not set(routes(reply)) & set(case.get("expect_not", []))
    if "expect" in case:
        assert routes(reply) == [e["route"] for e in case["expect"]]
    for directive, wanted in zip(reply["directives"], case.get("expect", []), strict=False):
        assert directive["entry_ids"] == wanted.get("entry_ids", [])
        if "text" in wanted:
            assert wanted["text"] in directive["text"]
        else:
            assert directive["text"] is None
        if "intent" in wanted:
            assert directive["intent"] == wanted["intent"]
        assert 0 <= directive["p"] <= 1
        assert directive["reason"]
    assert reply["active_flow"] == case.get("active_flow")
