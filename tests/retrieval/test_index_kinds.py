"""Kinds of index by size, and what each must keep: recall, deletions, edits while it is rebuilt."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from retrieval import index_kinds
from retrieval.index_kinds import Kind, Sizes, make, sample_size
from retrieval.types import Vectors
from retrieval.vectors import VectorIndex

DIM = 32
#: Sizes at which each kind is reached with a few thousand vectors.
SMALL = {
    "flat": Sizes(graph_from=10**6, lists_from=10**6, tidy_from=200),
    "graph": Sizes(graph_from=500, lists_from=10**6, tidy_from=200),
    "lists": Sizes(graph_from=500, lists_from=1_000, tidy_from=200),
}
KINDS = pytest.mark.parametrize("kind", SMALL)


def texts_like(count: int, seed: int = 1) -> Vectors:
    """Vectors in a hundred loose clusters, of length 1."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(100, DIM))
    rows = centres[rng.integers(0, 100, count)] + rng.normal(scale=0.7, size=(count, DIM))
    result: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return result


def filled(kind: str, rows: Vectors) -> VectorIndex:
    index = VectorIndex(DIM, SMALL[kind])
    index.put_many({f"entry-{n}": rows[n : n + 1] for n in range(len(rows))})
    index.join()
    assert index.kind == kind
    return index


def exact(rows: Vectors, query: Vectors, limit: int) -> list[str]:
    return [f"entry-{n}" for n in np.argsort(-(rows @ query))[:limit]]


@pytest.mark.parametrize(
    ("vectors", "kind"), [(0, "flat"), (9, "flat"), (10, "graph"), (99, "graph"), (100, "lists")]
)
def test_the_kind_goes_by_the_number_of_vectors(vectors: int, kind: Kind) -> None:
    assert Sizes(graph_from=10, lists_from=100).kind(vectors) == kind


def test_an_index_changes_its_kind_as_it_grows_and_shrinks() -> None:
    index = VectorIndex(DIM, SMALL["lists"])
    rows = texts_like(3_000)
    seen = []
    for start in range(0, 3_000, 300):
        index.put_many({f"entry-{n}": rows[n : n + 1] for n in range(start, start + 300)})
        index.join()
        seen.append(index.kind)
    assert list(dict.fromkeys(seen)) == ["flat", "graph", "lists"]
    for n in range(2_800):
        index.remove(f"entry-{n}")
    index.join()
    assert index.kind == "flat"
    found = [key for key, _ in index.search(rows[2_900], 10)]
    assert found[0] == "entry-2900"
    assert all(int(key[6:]) >= 2_800 for key in found)


@KINDS
def test_recall_against_exact_search(kind: str) -> None:
    rows, queries = texts_like(4_000), texts_like(100, seed=2)
    index = filled(kind, rows)
    hits = sum(
        len({key for key, _ in index.search(query, 10)} & set(exact(rows, query, 10)))
        for query in queries
    )
    # Sixteenths of a thousand lists are scanned for fewer lists than a large base has.
    assert hits / 1_000 >= {"flat": 1.0, "graph": 0.97, "lists": 0.8}[kind]


@KINDS
def test_the_deleted_are_never_answered(kind: str) -> None:
    rows = texts_like(2_000)
    index = filled(kind, rows)
    gone = {f"entry-{n}" for n in range(0, 2_000, 3)}
    for number, key in enumerate(sorted(gone)):
        index.remove(key)
        if number % 20 == 0:
            assert key not in dict(index.search(rows[int(key[6:])], 50))
    for state in ("before it is tidied", "after"):
        for n in range(0, 2_000, 30):
            found = {key for key, _ in index.search(rows[n], 50)}
            assert len(found) == 50
            assert not found & gone, state
        index.join()


@KINDS
def test_edits_while_a_large_index_is_built_are_seen_at_once(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = texts_like(2_000)
    index = filled(kind, rows)
    going_on, go_on = threading.Event(), threading.Event()

    def slow(*given: object, **more: object) -> object:
        going_on.set()
        assert go_on.wait(30)
        return make(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("retrieval.vectors.make", slow)
    for n in range(0, 1_000, 2):
        index.remove(f"entry-{n}")
    assert going_on.wait(30)
    # The index is half built: everything that is done now must survive the swap.
    index.put("new", rows[0:1])
    index.remove("entry-1")
    index.put("entry-3", -rows[3:4])
    assert index.search(rows[0], 1)[0][0] == "new"
    assert "entry-1" not in dict(index.search(rows[1], 50))
    go_on.set()
    index.join()
    assert index.search(rows[0], 1)[0][0] == "new"
    assert "entry-1" not in dict(index.search(rows[1], 50))
    assert "entry-3" not in dict(index.search(rows[3], 50))
    assert index.search(-rows[3], 1)[0][0] == "entry-3"
    assert len(index) == 2_000 - 500 - 1 + 1


def test_a_failed_build_leaves_the_index_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = texts_like(400)
    index = VectorIndex(DIM, SMALL["graph"])
    index.put_many({f"entry-{n}": rows[n : n + 1] for n in range(400)})
    index.join()

    def broken(*_given: object, **_more: object) -> object:
        raise MemoryError

    monkeypatch.setattr("retrieval.vectors.make", broken)
    index.put_many({f"entry-{n}": rows[n - 400 : n - 399] for n in range(400, 800)})
    index.join()
    assert index.search(rows[7], 2) == [
        ("entry-407", pytest.approx(1.0, abs=1e-5)),
        ("entry-7", pytest.approx(1.0, abs=1e-5)),
    ]
    monkeypatch.setattr("retrieval.vectors.make", make)
    index.remove("entry-0")
    index.join()
    assert index.kind == "graph"


@pytest.mark.parametrize("kind", ["graph", "lists"])
def test_vectors_that_are_moved_lose_nothing_a_second_time(kind: Kind) -> None:
    rows = texts_like(1_000)
    first = make(kind, DIM, 1_000, rows[: sample_size(kind, 1_000)])
    first.add(rows)
    kept = first.fetch(np.arange(1_000))
    np.testing.assert_allclose(kept, rows, atol=0.01)
    second = make(kind, DIM, 1_000, kept, like=first)
    second.add(kept)
    np.testing.assert_allclose(second.fetch(np.arange(1_000)), kept, atol=1e-6)


def test_a_crowd_of_dead_neighbours_does_not_hide_the_living() -> None:
    rows = texts_like(1_500)
    near = np.repeat(rows[:1], 300, axis=0)
    # Nothing is tidied: all three hundred stay in the way.
    index = VectorIndex(DIM, Sizes(graph_from=10**6, tidy_from=10**6))
    index.put_many({f"entry-{n}": rows[n : n + 1] for n in range(1_500)})
    index.put_many({f"near-{n}": near[n : n + 1] for n in range(300)})
    for n in range(300):
        index.remove(f"near-{n}")
    assert [key for key, _ in index.search(rows[0], 10)] == exact(rows, rows[0], 10)


def test_the_centre_follows_the_edits() -> None:
    rows = texts_like(60)
    index = VectorIndex(DIM)
    for n in range(20):
        index.put(f"entry-{n}", rows[3 * n : 3 * n + 3])
    index.remove("entry-0")
    index.put("entry-1", rows[0:2])
    firsts = [rows[0], *(rows[3 * n] for n in range(2, 20))]
    np.testing.assert_allclose(index.centre, np.mean(firsts, axis=0), atol=1e-6)


def test_no_more_is_asked_of_a_large_index_than_it_can_give(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_kinds, "_MOST", 64)
    rows = texts_like(2_000)
    index = filled("graph", rows)
    found = index.search(rows[5], 200)
    assert len(found) == 64
    assert found[0][0] == "entry-5"
