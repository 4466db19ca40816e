from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from retrieval.index_kinds import Sizes
from retrieval.types import Vectors
from retrieval.vectors import VectorIndex, row_numbers

DIM = 8
KEYS = st.sampled_from([f"entry-{number}" for number in range(12)])


def unit(seed: int, count: int = 1) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class EditedIndex(RuleBasedStateMachine):
    """Whatever is put, replaced and removed: search finds the living, all of them, nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.index = VectorIndex(DIM, Sizes(graph_from=10_000, tidy_from=4))
        self.model: dict[str, Vectors] = {}
        self.seen_rows: set[int] = set()

    @rule(key=KEYS, seed=st.integers(0, 10**6), count=st.integers(1, 4))
    def put(self, key: str, seed: int, count: int) -> None:
        self.model[key] = unit(seed, count)
        self.index.put(key, self.model[key])

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        self.model.pop(key, None)
        self.index.remove(key)

    @rule()
    def wait(self) -> None:
        self.index.join()

    @rule(seed=st.integers(0, 10**6), limit=st.integers(1, 15))
    def search(self, seed: int, limit: int) -> None:
        query = unit(seed)[0]
        truth = {key: float((rows @ query).max()) for key, rows in self.model.items()}
        found = self.index.search(query, limit)
        assert len(found) == min(limit, len(truth))
        best = sorted(truth.values(), reverse=True)[: len(found)]
        assert [score for _, score in found] == pytest.approx(best, abs=1e-5)
        assert all(truth[key] == pytest.approx(score, abs=1e-5) for key, score in found)

    @invariant()
    def holds_the_vectors_that_were_put(self) -> None:
        assert self.index.keys() == {key: len(rows) for key, rows in self.model.items()}
        keys = sorted(self.model)
        for key, rows in zip(keys, self.index.vectors(keys), strict=True):
            np.testing.assert_array_equal(rows, self.model[key])

    @invariant()
    def never_uses_a_row_number_twice(self) -> None:
        rows = row_numbers(self.index)
        assert len(set(rows.tolist())) == len(rows)
        fresh = set(rows.tolist()) - self.seen_rows
        assert not self.seen_rows or not fresh or min(fresh) > max(self.seen_rows)
        self.seen_rows |= fresh


TestEditedIndex = EditedIndex.TestCase
TestEditedIndex.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_dead_rows_are_cleared_away_in_the_background() -> None:
    index = VectorIndex(DIM, Sizes(tidy_from=50))
    for number in range(200):
        index.put(f"entry-{number}", unit(number))
    for number in range(0, 200, 2):
        index.remove(f"entry-{number}")
    index.join()
    assert len(index) == 100
    assert index.dead <= 50
    found = index.search(unit(1)[0], 100)
    assert len(found) == 100
    assert found[0][0] == "entry-1"


def test_many_vectors_go_into_a_graph_and_edits_still_show() -> None:
    index = VectorIndex(DIM, Sizes(graph_from=1_000, tidy_from=500))
    rows = unit(7, 3_000)
    index.put_many({f"entry-{n}": rows[n : n + 1] for n in range(3_000)})
    index.join()
    hits = sum(index.search(rows[n], 1)[0][0] == f"entry-{n}" for n in range(0, 3_000, 60))
    assert hits >= 48
    index.remove("entry-60")
    assert index.search(rows[60], 1)[0][0] != "entry-60"
    index.put("entry-new", rows[60:61])
    assert index.search(rows[60], 1)[0][0] == "entry-new"


def test_searches_and_edits_from_many_threads_never_show_the_dead() -> None:
    index = VectorIndex(DIM, Sizes(tidy_from=20))
    index.put_many({f"kept-{n}": unit(n) for n in range(50)})
    failures: list[str] = []

    def edit(worker: int) -> None:
        for step in range(60):
            key = f"worker-{worker}"
            index.put(key, unit(1000 * worker + step))
            index.remove(key)
            if any(found == key for found, _ in index.search(unit(step)[0], 60)):
                failures.append(key)

    threads = [threading.Thread(target=edit, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(index.search(unit(3)[0], 60)) == 50
