"""The figures against values worked out by hand and against brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.evaluation import metrics

scores = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=20)


@given(scores, scores)
def test_auroc_is_the_share_of_pairs_in_order(positive: list[float], negative: list[float]) -> None:
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert metrics.auroc(positive, negative) == pytest.approx(sum(pairs) / len(pairs))


def test_auroc_and_aupr_of_nothing() -> None:
    assert metrics.auroc([], [0.5]) is None
    assert metrics.auroc([0.5], []) is None
    assert metrics.aupr([], [0.5]) is None


def test_average_precision_by_hand() -> None:
    assert metrics.aupr([0.9, 0.4], [0.6]) == pytest.approx(0.5 * 1.0 + 0.5 * 2 / 3)
    assert metrics.aupr([0.9, 0.8], [0.1]) == pytest.approx(1.0)
    assert metrics.aupr([0.5], [0.5]) == pytest.approx(0.5)


def test_calibration_error() -> None:
    assert metrics.calibration_error([1.0] * 30, [True] * 30) == pytest.approx(0.0)
    assert metrics.calibration_error([1.0] * 30, [False] * 30) == pytest.approx(1.0)
    halves = [True, False] * 15
    assert metrics.calibration_error([0.5] * 30, halves) == pytest.approx(0.0, abs=1e-9)
    assert metrics.calibration_error([], []) is None


def test_reliability_goes_from_the_least_sure_to_the_surest() -> None:
    bins = metrics.reliability([0.9, 0.1] * 15, [True, False] * 15)
    assert sum(count for _, _, count in bins) == 30
    assert bins[0] == (pytest.approx(0.1), 0.0, 2)
    assert bins[-1] == (pytest.approx(0.9), 1.0, 2)
    assert metrics.reliability([], []) == []


def test_reciprocal_rank() -> None:
    assert metrics.reciprocal_rank(["x", "a"], ["a"]) == 0.5
    assert metrics.reciprocal_rank(["x"], ["a"]) == 0.0
