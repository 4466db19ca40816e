"""The vector index alone: kind, recall, latency, memory, and edits while it is rebuilt.

A million entries' vectors are made from the encodings of real texts: to one of them a random part
of the difference of two others is added, and the sum is brought back to length 1. That keeps the
directions in which real texts differ, so that neighbours are about as dense as real ones; noise
that is alike in all directions would leave each vector alone with its original (too easy, and
nothing like texts). Queries are encodings of real questions, unchanged. ``likeness`` compares the
made neighbours with real ones at the same number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import faiss
import numpy as np
import psutil

from retrieval.types import Vectors
from retrieval.vectors import VectorIndex

#: Vectors of an entry: its question, and question and answer in one.
VECTORS = 2
_AT_ONCE = 4_096
_PART = (0.3, 0.6)
_OF_ONE_ENTRY = 0.3
_NEAREST = 10
_EDITS = 100
_DEAD_SHARE = 0.25
_CHECKED = 300
_LIKENESS_OF = 10_000

Tell = Callable[[str, int, int], None]


class Made:
    """Vectors of any number of entries, ``(n, VECTORS, dim)``, the same for the same seed."""

    def __init__(self, pool: Vectors, seed: int) -> None:
        self._pool = pool
        self._seed = seed

    def blocks(self, entries: int) -> Iterator[tuple[int, Vectors]]:
        """The number of the first entry of a block, and the block."""
        for start in range(0, entries, _AT_ONCE):
            rng = np.random.default_rng([self._seed, start])
            count = min(_AT_ONCE, entries - start)
            first = _moved(self._pool[rng.integers(0, len(self._pool), count)], self._pool, rng)
            second = _moved(first, self._pool, rng, (_OF_ONE_ENTRY, _OF_ONE_ENTRY))
            yield start, np.stack([first, second], axis=1)


def measure(entries: int, pool: Vectors, queries: Vectors, seed: int, tell: Tell) -> dict[str, Any]:
    """All figures of an index of so many entries."""
    before = psutil.Process().memory_info().rss
    index = VectorIndex(pool.shape[1])
    started = time.perf_counter()
    truth, busy = _fill(index, Made(pool, seed), entries, queries[:_CHECKED], tell)
    index.join()
    vectors = len(index)
    built = time.perf_counter() - started - busy
    body: dict[str, Any] = {
        "entries": entries,
        "vectors": vectors,
        "vectors_per_entry": VECTORS,
        "kind": index.kind,
        "fill_minutes": round(built / 60, 2),
        "index_mb": round(index.nbytes / 2**20, 1),
        "index_bytes_per_vector": round(index.nbytes / vectors),
        "process_mb": round((psutil.Process().memory_info().rss - before) / 2**20, 1),
        "recall@10": _recall(index, queries[:_CHECKED], truth),
        "search_ms": _latency(index, queries),
        "edit_visible_ms": _edits(index, queries, lambda done: done < _EDITS),
    }
    body["while_rebuilding"] = _while_rebuilding(index, entries, queries, tell)
    return body


def likeness(pool: Vectors, queries: Vectors, seed: int) -> dict[str, Any]:
    """Median similarity of the first, tenth and hundredth neighbour of the queries: among the real
    vectors, and among as many that are made from a tenth of them."""
    rng = np.random.default_rng(seed)
    some = pool[rng.permutation(len(pool))[: max(1, len(pool) // 10)]]
    made = [block[:, 0] for _, block in Made(some, seed).blocks(len(pool))]
    found = {}
    for name, rows in (("real", pool), ("made", np.concatenate(made))):
        index = faiss.IndexFlatIP(rows.shape[1])
        index.add(rows)
        scores, _ = index.search(queries[:_CHECKED], 100)
        found[name] = [round(float(np.median(scores[:, n])), 3) for n in (0, 9, 99)]
    return {"vectors": len(pool), "median_similarity_1_10_100": found}


def percentiles(ms: Sequence[float], *wanted: int) -> dict[str, float]:
    """The wanted percentiles in milliseconds."""
    return {f"p{p}": round(float(np.percentile(ms, p)), 2) for p in wanted} if ms else {}


def _moved(
    rows: Vectors, pool: Vectors, rng: np.random.Generator, part: tuple[float, float] = _PART
) -> Vectors:
    one, other = (pool[rng.integers(0, len(pool), len(rows))] for _ in range(2))
    share = rng.uniform(*part, (len(rows), 1)).astype(np.float32)
    moved = rows + share * (one - other)
    result: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return result


def _fill(
    index: VectorIndex, made: Made, entries: int, queries: Vectors, tell: Tell
) -> tuple[Sequence[set[str]], float]:
    """Put everything; the exact nearest entries of each query, and the seconds that finding those
    and making the vectors took."""
    best = np.full((len(queries), _NEAREST), -2.0, dtype=np.float32)
    ids = np.zeros((len(queries), _NEAREST), dtype=np.int64)
    index.expect(entries * VECTORS)
    mark, busy = time.perf_counter(), 0.0
    for start, block in made.blocks(entries):
        flat = block.reshape(-1, block.shape[2])
        scores = (queries @ flat.T).reshape(len(queries), len(block), VECTORS).max(axis=2)
        both = np.concatenate([best, scores], axis=1)
        numbers = np.arange(start, start + len(block))
        every = np.concatenate([ids, np.broadcast_to(numbers, scores.shape)], axis=1)
        order = np.argpartition(-both, _NEAREST, axis=1)[:, :_NEAREST]
        best = np.take_along_axis(both, order, axis=1)
        ids = np.take_along_axis(every, order, axis=1)
        busy += time.perf_counter() - mark
        index.put_many({_key(start + n): rows for n, rows in enumerate(block)})
        if index.crowded:
            index.join()
        tell(f"{entries} entries", start + len(block), entries)
        mark = time.perf_counter()
    index.expect(0)
    return [{_key(number) for number in row} for row in ids.tolist()], busy


def _key(number: int) -> str:
    return f"entry-{number}"


def _recall(index: VectorIndex, queries: Vectors, truth: Sequence[set[str]]) -> float:
    hits = 0
    for query, wanted in zip(queries, truth, strict=True):
        hits += len(wanted & {key for key, _ in index.search(query, _NEAREST)})
    return round(hits / (len(truth) * _NEAREST), 4)


def _latency(index: VectorIndex, queries: Vectors) -> dict[str, float]:
    ms = []
    for query in queries:
        started = time.perf_counter()
        index.search(query, _NEAREST)
        ms.append(1e3 * (time.perf_counter() - started))
    return percentiles(ms, 50, 95, 99)


def _edits(
    index: VectorIndex, queries: Vectors, more: Callable[[int], bool]
) -> dict[str, float | int]:
    """From an edit to the search that shows it, and from a deletion to one that does not."""
    shown: list[float] = []
    gone: list[float] = []
    missed = 0
    while more(len(shown)):
        number = len(shown)
        vector = queries[number % len(queries)]
        started = time.perf_counter()
        index.put(f"edited-{number}", np.stack([vector] * VECTORS))
        missed += index.search(vector, 1)[0][0] != f"edited-{number}"
        shown.append(1e3 * (time.perf_counter() - started))
        started = time.perf_counter()
        index.remove(f"edited-{number}")
        missed += f"edited-{number}" in dict(index.search(vector, _NEAREST))
        gone.append(1e3 * (time.perf_counter() - started))
    return {
        "edits": len(shown),
        **percentiles(shown, 50, 99),
        "gone": percentiles(gone, 99),
        "wrong": missed,
    }


def _while_rebuilding(
    index: VectorIndex, entries: int, queries: Vectors, tell: Tell
) -> dict[str, Any]:
    """Delete a quarter, and edit and search as long as that is cleared away."""
    out = range(0, entries, round(1 / _DEAD_SHARE))
    started = time.perf_counter()
    for number in out:
        index.remove(_key(number))
    deleted = time.perf_counter() - started
    ms: list[float] = []
    answered = 0

    def searching(done: int) -> bool:
        nonlocal answered
        query = queries[done % len(queries)]
        began = time.perf_counter()
        found = index.search(query, _NEAREST)
        ms.append(1e3 * (time.perf_counter() - began))
        answered += sum(int(k[6:]) in out for k, _ in found if k.startswith("entry-"))
        tell("rebuilding", done, done + 1)
        return index.tidying

    edits = _edits(index, queries, searching)
    index.join()
    return {
        "deleted": len(out),
        "deleting_s": round(deleted, 1),
        "minutes": round((time.perf_counter() - started) / 60, 2),
        "search_ms": percentiles(ms, 50, 99),
        "edit_visible_ms": edits,
        "deleted_entries_answered": answered,
        "kind": index.kind,
    }
