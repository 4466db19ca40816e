"""The summary over hand-made records."""

from io import StringIO

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from web.evaluation.expectation import Expectation, judge
from web.evaluation.files import schema
from web.evaluation.summary import Asked, summarise, tokens_in
from web.evaluation.table import print_summary


def _asked(route: str, shown: list[str], expect: str | None, p: float, kind: str = "") -> Asked:
    expected = Expectation((expect,) if expect else ())
    record = {
        "text": "where is my router",
        "route": route,
        "entry_ids": shown,
        "ranking": ["a", "b", "c"],
        "p": p,
        "expect": expect,
        "outcome": judge(expected, route, shown),
        "degraded": False,
        "ms": {"bot": 1.0},
    }
    Draft202012Validator(schema("record")).validate(record)
    return Asked(record, expected, kind, "en", in_dialogue=False, seconds=0.01)


def test_shares_are_of_the_right_denominators() -> None:
    summary = summarise(
        [
            _asked("answer", ["a"], "a", 0.9),
            _asked("answer", ["a"], "b", 0.8),
            _asked("clarify", ["a", "b"], "b", 0.5),
            _asked("decline", [], "c", 0.2),
            _asked("answer", ["a"], None, 0.7, "near"),
            _asked("decline", [], None, 0.1, "far"),
        ]
    )
    figures = summary["all"]
    assert figures["right"] == pytest.approx(1 / 4)
    assert figures["clarified_right"] == figures["clarified"] == pytest.approx(1 / 4)
    assert figures["wrong_given"] == pytest.approx(2 / 6)
    assert figures["silent_on_uncovered"] == pytest.approx(1 / 2)
    assert figures["ranking"]["hit@1"] == pytest.approx(1 / 4)
    assert figures["ranking"]["recall@3"] == pytest.approx(1.0)
    assert figures["coverage"]["near"]["auroc"] == pytest.approx(2 / 4)
    assert figures["coverage"]["far"]["auroc"] == pytest.approx(1.0)
    assert summary["by_kind"]["near"]["count"] == 1
    assert summary["seconds"]["up to 20"]["count"] == 6


def test_what_probabilities_were_worth_is_drawn() -> None:
    asked = [_asked("answer", ["a"], "a", 0.9)] * 30 + [_asked("decline", [], None, 0.2)] * 30
    summary = summarise(asked)
    assert sum(one["count"] for one in summary["reliability"]) == 60
    assert (summary["reliability"][0]["p"], summary["reliability"][0]["right"]) == (0.2, 0.0)
    page = Console(record=True, width=120, file=StringIO())
    print_summary(page, summary)
    rows = [line for line in page.export_text().splitlines() if "90.0 %" in line]
    assert any(line.count("■") == 39 and line.count("│") > 1 for line in rows)


def test_length_counts_words_and_han_characters() -> None:
    assert tokens_in("Where's my router?") == 3
    assert tokens_in("路由器 reset 怎么做") == 7
    assert tokens_in("路由器reset怎么做") == 7
