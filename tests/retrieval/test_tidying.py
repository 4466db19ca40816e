from __future__ import annotations

import pytest

from retrieval.tidying import Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("retrieval.tidying.time.perf_counter", lambda: now[0])
    return now


def worked(pace: Pace, clock: list[float], seconds: float) -> int:
    with pace:
        clock[0] += seconds
    return pace.number


def test_portions_grow_while_they_are_quick_and_shrink_when_they_are_not(
    clock: list[float],
) -> None:
    pace = Pace()
    first = pace.number
    assert worked(pace, clock, 0.0001) == 2 * first
    assert worked(pace, clock, 0.003) == 2 * first
    assert worked(pace, clock, 0.1) == first


def test_portions_never_vanish_and_never_grow_without_end(clock: list[float]) -> None:
    pace = Pace()
    for _ in range(30):
        worked(pace, clock, 1.0)
    assert pace.number == 1
    for _ in range(30):
        worked(pace, clock, 0.0)
    assert pace.number == 1_024
