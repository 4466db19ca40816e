"""Vectors that can be edited: a large unchanging index, a small one beside it, and the dead.

FAISS's HNSW cannot delete, and searching through dead rows costs recall. So rows are only ever
appended: removed ones are marked dead and filtered out of over-fetched results, and when a fifth
is dead (or the small index has grown) a thread builds a fresh large index, which is then swapped
in. Row numbers are internal, grow for ever and are never used twice.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.types import Vectors

_HNSW_FROM = 50_000
_HNSW_LINKS = 32
_DEAD_SHARE = 0.2
_DELTA_SHARE = 0.25
_REBUILD_FROM = 2_000


@dataclass(slots=True)
class _Part:
    """One FAISS index and the row number at each of its positions."""

    index: Any
    rows: list[int]


class VectorIndex:
    """Groups of vectors, each under a key; all methods are safe to call from several threads."""

    def __init__(self, dim: int, *, hnsw_from: int = _HNSW_FROM, rebuild_from: int = _REBUILD_FROM):
        self.dim = dim
        self._hnsw_from = hnsw_from
        self._rebuild_from = rebuild_from
        self._lock = threading.RLock()
        self._main = _Part(faiss.IndexFlatIP(dim), [])
        self._delta = _Part(faiss.IndexFlatIP(dim), [])
        self._places: dict[int, tuple[_Part, int]] = {}
        self._keys: dict[int, str] = {}
        self._groups: dict[str, list[int]] = {}
        self._next_row = 0
        self._builder: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def dead(self) -> int:
        """Rows that are still stored but never returned."""
        with self._lock:
            return len(self._main.rows) + len(self._delta.rows) - len(self._keys)

    def put(self, key: str, vectors: Vectors) -> None:
        """Add the group ``key``, or replace it: its earlier vectors are never returned again."""
        self.put_many({key: vectors})

    def put_many(self, groups: Mapping[str, Vectors]) -> None:
        """As :meth:`put` for several groups at once."""
        with self._lock:
            for key in groups:
                self._kill(key)
            rows: list[int] = []
            for key, vectors in groups.items():
                mine = list(range(self._next_row, self._next_row + len(vectors)))
                self._next_row += len(vectors)
                self._groups[key] = mine
                self._keys.update(dict.fromkeys(mine, key))
                rows += mine
            if rows:
                self._append(self._delta, rows, np.concatenate(list(groups.values())))
        self._rebuild_if_due()

    def remove(self, key: str) -> None:
        """Take the group out; nothing happens where there is none."""
        with self._lock:
            self._kill(key)
        self._rebuild_if_due()

    def keys(self) -> dict[str, int]:
        """Every key with the number of its vectors."""
        with self._lock:
            return {key: len(rows) for key, rows in self._groups.items()}

    def vectors(self, keys: Sequence[str]) -> list[Vectors]:
        """The vectors of each key, in the order they were put; unknown keys get an empty array."""
        rows, bounds = self.gather(keys)
        return [rows[start:stop] for start, stop in pairwise(bounds)]

    def gather(self, keys: Sequence[str]) -> tuple[Vectors, list[int]]:
        """The vectors of all keys in one block, and the bounds between which each key's lie."""
        with self._lock:
            groups = [self._groups.get(key, []) for key in keys]
            block = self._fetch([row for group in groups for row in group])
        return block, [0, *accumulate(map(len, groups))]

    def search(self, query: Vectors, limit: int) -> list[tuple[str, float]]:
        """The ``limit`` keys whose best vector is nearest to ``query``, best first."""
        with self._lock:
            best: dict[str, float] = {}
            for part in (self._main, self._delta):
                for key, score in self._search_part(part, query, limit):
                    best[key] = max(score, best.get(key, -2.0))
        return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]

    def join(self) -> None:
        """Wait for rebuilds that are under way."""
        while (builder := self._builder) is not None:
            builder.join()

    def _search_part(self, part: _Part, query: Vectors, limit: int) -> list[tuple[str, float]]:
        """Best keys of one part; fetches more until enough of what came back is alive."""
        total = len(part.rows)
        fetch = min(total, limit * 4)
        while fetch:
            scores, places = part.index.search(query.reshape(1, -1), fetch)
            best: dict[str, float] = {}
            for score, place in zip(scores[0].tolist(), places[0].tolist(), strict=True):
                key = self._keys.get(part.rows[place]) if place >= 0 else None
                if key is not None and key not in best:
                    best[key] = score
            if len(best) >= limit or fetch == total:
                return list(best.items())
            fetch = min(total, fetch * 4)
        return []

    def _kill(self, key: str) -> None:
        for row in self._groups.pop(key, ()):
            del self._keys[row]
            del self._places[row]

    def _append(self, part: _Part, rows: Sequence[int], vectors: Vectors) -> None:
        start = len(part.rows)
        part.index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        part.rows.extend(rows)
        self._places.update((row, (part, start + i)) for i, row in enumerate(rows))

    def _fetch(self, rows: Sequence[int]) -> Vectors:
        found: Vectors = np.empty((len(rows), self.dim), dtype=np.float32)
        places = [self._places[row] for row in rows]
        for part in (self._main, self._delta):
            mine = [number for number, (owner, _) in enumerate(places) if owner is part]
            if mine:
                there = np.array([places[number][1] for number in mine], dtype=np.int64)
                found[mine] = part.index.reconstruct_batch(there)
        return found

    def _rebuild_if_due(self) -> None:
        with self._lock:
            stored = len(self._main.rows) + len(self._delta.rows)
            dead = stored - len(self._keys)
            fresh = len(self._delta.rows)
            due = dead > _DEAD_SHARE * stored or fresh > _DELTA_SHARE * stored
            if not due or max(dead, fresh) < self._rebuild_from or self._builder is not None:
                return
            rows = sorted(self._keys)
            vectors = self._fetch(rows)
            self._builder = threading.Thread(
                target=self._rebuild, args=(rows, vectors), name="index-rebuild", daemon=True
            )
            self._builder.start()

    def _rebuild(self, rows: list[int], vectors: Vectors) -> None:
        """Build off the lock; rows added meanwhile stay in the small index, dead ones stay dead."""
        part = _Part(self._new_index(len(rows)), rows)
        part.index.add(vectors)
        with self._lock:
            taken = set(rows)
            late = [row for row in self._delta.rows if row in self._keys and row not in taken]
            vectors = self._fetch(late)
            self._main = part
            self._places.update((row, (part, i)) for i, row in enumerate(rows) if row in self._keys)
            self._delta = _Part(faiss.IndexFlatIP(self.dim), [])
            if late:
                self._append(self._delta, late, vectors)
            self._builder = None
        self._rebuild_if_due()

    def _new_index(self, size: int) -> Any:
        if size < self._hnsw_from:
            return faiss.IndexFlatIP(self.dim)
        index = faiss.IndexHNSWFlat(self.dim, _HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 80
        index.hnsw.efSearch = 128
        return index


def row_numbers(index: VectorIndex) -> NDArray[np.int64]:
    """The numbers of all stored rows, dead ones too; for checks that none is used twice."""
    with index._lock:
        return np.array([*index._main.rows, *index._delta.rows], dtype=np.int64)
