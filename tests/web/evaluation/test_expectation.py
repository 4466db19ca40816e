"""What counts as right, clarified, declined and wrong."""

import pytest

from web.evaluation.expectation import Expectation, judge

ONE = Expectation(("a",))
ANY = Expectation(("a", "b"))
ALL = Expectation(("a", "b"), all_of=True)
NONE = Expectation(())


@pytest.mark.parametrize(
    ("expected", "route", "shown", "outcome"),
    [
        (ONE, "answer", ["a"], "right"),
        (ONE, "answer", ["b", "a"], "wrong"),
        (ONE, "answer", [], "wrong"),
        (ANY, "answer", ["b"], "right"),
        (ONE, "compose", ["b", "a"], "right"),
        (ONE, "compose", ["b"], "wrong"),
        (ALL, "answer", ["a"], "wrong"),
        (ALL, "answer", ["b", "a"], "right"),
        (ALL, "compose", ["a", "b", "c"], "right"),
        (ONE, "clarify", ["c", "a"], "clarified_right"),
        (ONE, "clarify", ["c", "b"], "clarified_wrong"),
        (NONE, "clarify", ["c"], "clarified_wrong"),
        (ONE, "error", [], "wrong"),
        (NONE, "error", [], "wrong"),
        (NONE, "answer", ["a"], "wrong"),
        (NONE, "compose", ["a"], "wrong"),
        *[
            (ONE, r, [], "declined_wrong")
            for r in ("chat", "flow", "insight", "handoff", "decline")
        ],
        *[
            (NONE, r, [], "declined_right")
            for r in ("chat", "flow", "insight", "handoff", "decline")
        ],
    ],
)
def test_outcome(expected: Expectation, route: str, shown: list[str], outcome: str) -> None:
    assert judge(expected, route, shown) == outcome


def test_two_keys_in_one_row_are_an_error() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Expectation.of({"expect": "a", "expect_any": ["a"]})


def test_no_key_is_an_error_but_null_is_uncovered() -> None:
    with pytest.raises(ValueError, match="none of them"):
        Expectation.of({"text": "hello"})
    assert not Expectation.of({"expect": None}).covered


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"expect": "a"}, "a"),
        ({"expect": None}, None),
        ({"expect_any": ["a", "b"]}, ["a", "b"]),
        ({"expect_all": ["a"]}, ["a"]),
    ],
)
def test_records_carry_the_expectation(row: dict, shown: object) -> None:
    assert Expectation.of(row).to_json() == shown
