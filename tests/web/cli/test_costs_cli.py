"""``grapevine costs``: shown, set, reverted, and never half right."""

from __future__ import annotations

import pytest

from tests.web.cli.conftest import Verb


def test_a_cost_is_set_shown_and_taken_back(run_costs: Verb) -> None:
    before = run_costs("show", "--json").json
    assert (before["revision"], before["author"]) == (1, "grapevine")
    done = run_costs("set", "answer", "uncovered", "1.75", "--author", "kim", "--note", "too bold")
    assert "revision 2 by kim" in done.out
    assert "1.75" in run_costs("show").out
    after = run_costs("show", "--json").json
    assert after["matrix"]["answer"].pop("uncovered") == 1.75
    assert before["matrix"]["answer"].pop("uncovered") != 1.75
    assert after["matrix"] == before["matrix"]
    assert "too bold" in run_costs("history").out
    assert "revision 3" in run_costs("revert", "1").out
    records = run_costs("history", "--json").json
    assert [record["revision"] for record in records] == [3, 2, 1]
    assert records[0]["matrix"] == records[2]["matrix"]
    assert "1.75" in run_costs("show", "--revision", "2").out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["set", "shout", "top", "1"], 1, "no route 'shout'; use one of answer"),
        (["set", "answer", "monday", "1"], 1, "no state 'monday'; use one of top"),
        (["set", "answer", "top", "--", "-1"], 1, "between 0 and 1000"),
        (["set", "answer", "top", "much"], 2, "valid number"),
        (["revert", "8"], 1, "no revision 8"),
        (["show", "--revision", "8"], 1, "no revision 8"),
    ],
)
def test_errors_are_one_sentence_on_stderr(
    run_costs: Verb, words: list[str], code: int, says: str
) -> None:
    done = run_costs(*words)
    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert "Traceback" not in done.err
