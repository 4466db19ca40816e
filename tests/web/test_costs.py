"""The cost matrix as a versioned record, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, update

from bot.routing import DEFAULT_COSTS
from knowledge.database import metadata, writing
from web.costs import CostsError, CostStore, cost_matrices

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def costs(any_engine: Engine) -> CostStore:
    metadata.create_all(any_engine, tables=[cost_matrices])
    return CostStore(any_engine, lambda: NOW)


def test_the_first_use_stores_the_defaults(costs: CostStore) -> None:
    assert costs.current().matrix == DEFAULT_COSTS.matrix
    assert costs.current().revision == 1
    (first,) = costs.history()
    assert (first.author, first.at) == ("grapevine", NOW)


def test_every_change_is_a_revision_that_others_see(costs: CostStore, any_engine: Engine) -> None:
    other = CostStore(any_engine)
    assert other.current().revision == 1
    record = costs.set("answer", "uncovered", 2.5, author="kim", note="too bold")
    assert record.costs.revision == 2
    assert other.current().matrix["answer"]["uncovered"] == 2.5
    assert other.current().matrix["clarify"] == DEFAULT_COSTS.matrix["clarify"]
    assert costs.set("answer", "uncovered", 2.5, author="kim").costs.revision == 2
    back = costs.revert(1, author="lee")
    assert (back.costs.revision, back.note) == (3, "back to revision 1")
    assert other.current().matrix == DEFAULT_COSTS.matrix
    assert [record.author for record in costs.history()] == ["lee", "kim", "grapevine"]


def test_a_whole_matrix_can_be_replaced(costs: CostStore) -> None:
    matrix = {route: dict.fromkeys(row, 0.5) for route, row in DEFAULT_COSTS.matrix.items()}
    costs.replace(matrix, author="kim")
    assert costs.current().matrix == matrix
    del matrix["answer"]
    with pytest.raises(CostsError, match="answer"):
        costs.replace(matrix, author="kim")
    assert costs.current().revision == 2


@pytest.mark.parametrize(
    ("route", "state", "value", "says"),
    [
        ("shout", "top", 1.0, "no route 'shout'; use one of answer, clarify"),
        ("answer", "monday", 1.0, "no state 'monday'; use one of top, option"),
        ("answer", "top", float("nan"), "costs.matrix.answer.top"),
        ("answer", "top", -1.0, "costs.matrix.answer.top"),
    ],
)
def test_bad_costs_are_refused(
    costs: CostStore, route: str, state: str, value: float, says: str
) -> None:
    with pytest.raises(CostsError, match=says):
        costs.set(route, state, value, author="kim")
    assert costs.current().revision == 1
    with pytest.raises(CostsError, match="no revision 7; there are 1 to 1"):
        costs.revert(7, author="kim")
    with pytest.raises(CostsError, match="author"):
        costs.set("answer", "top", 0.1, author=" ")


def test_a_damaged_record_is_named(costs: CostStore, any_engine: Engine) -> None:
    costs.current()
    with writing(any_engine) as connection:
        connection.execute(update(cost_matrices).values(matrix={"answer": {}}))
    with pytest.raises(CostsError, match="revision 1 of the cost matrix is damaged"):
        CostStore(any_engine).current()


def test_first_uses_at_once_seed_once(any_engine: Engine) -> None:
    metadata.create_all(any_engine, tables=[cost_matrices])
    found: list[int] = []

    def first_use() -> None:
        found.append(CostStore(any_engine).current().revision)

    threads = [threading.Thread(target=first_use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 6
    assert len(CostStore(any_engine).history()) == 1
