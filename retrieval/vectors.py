"""Vectors that can be edited: a large index, a small exact one beside it, and the dead.

No kind of FAISS index that scales can delete without losing recall or time. So rows are only ever
appended, to the small index: removed ones are marked dead and filtered out of over-fetched results.
A thread tidies: it moves what is fresh into the large index, a few milliseconds at a time, and
where a fifth is dead, or another kind of index fits the number, it builds a fresh large index off
the lock and swaps it in. Row numbers are internal, grow for ever and are never used twice.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.groups import DEAD, Groups, Part
from retrieval.index_kinds import Bulk, Flat, Kind, Sizes, make, sample_size
from retrieval.tidying import Pace
from retrieval.types import Vectors

_log = logging.getLogger(__name__)

_DEAD_SHARE, _FRESH_SHARE = 0.2, 0.25
#: Inverted lists are made anew where there are so many times the vectors that they were made for.
_OUTGROWN = 4
_FETCH_FACTOR, _FETCH_LEAST = 4, 32
_COPY_AT_ONCE = 512
#: To build for fewer than this takes seconds on one core.
_ALL_CORES_FROM = 20_000


class VectorIndex:
    """Groups of vectors, each under a key; all methods are safe to call from several threads."""

    def __init__(self, dim: int, sizes: Sizes | None = None) -> None:
        self.dim = dim
        self._sizes = sizes or Sizes()
        self._lock = threading.RLock()
        self._main = Part(Flat(dim))
        self._delta = Part(Flat(dim))
        self._groups = Groups()
        self._next_row = 0
        self._live = 0
        self._expected = 0
        self._sum_of_firsts = np.zeros(dim)
        self._tidier: threading.Thread | None = None

    def __len__(self) -> int:
        return self._live

    @property
    def dead(self) -> int:
        """Rows that are still stored but never returned."""
        with self._lock:
            return len(self._main) + len(self._delta) - self._live

    @property
    def kind(self) -> str:
        """The kind of the large index."""
        return self._main.index.kind

    @property
    def tidying(self) -> bool:
        """Whether a thread is at work on the index."""
        return self._tidier is not None

    @property
    def crowded(self) -> bool:
        """Whether so much has been added while a large index is built that searches suffer; who
        adds much at once should :meth:`join` first."""
        return self.tidying and len(self._delta) > 4 * self._sizes.delta_most

    @property
    def nbytes(self) -> int:
        """Bytes of vectors, codes, links and row numbers."""
        with self._lock:
            return self._main.nbytes + self._delta.nbytes + self._groups.nbytes

    @property
    def centre(self) -> Vectors:
        """The mean of every group's first vector ``(dim,)``; zeros where there is none."""
        with self._lock:
            result: Vectors = (self._sum_of_firsts / max(1, len(self._groups))).astype(np.float32)
            return result

    def put(self, key: str, vectors: Vectors) -> None:
        """Add the group ``key``, or replace it: its earlier vectors are never returned again."""
        self.put_many({key: vectors})

    def put_many(self, groups: Mapping[str, Vectors]) -> None:
        """As :meth:`put` for several groups at once."""
        with self._lock:
            for key in groups:
                self._kill(key)
            counts = [len(vectors) for vectors in groups.values()]
            if groups:
                slots = self._groups.add(list(groups), self._next_row, counts)
                rows = np.arange(self._next_row, self._next_row + sum(counts))
                self._next_row += sum(counts)
                self._live += sum(counts)
                block = np.concatenate(list(groups.values()))
                self._delta.append(block, rows, np.repeat(slots, counts))
                self._sum_of_firsts += np.sum(
                    [vectors[0] for vectors in groups.values() if len(vectors)], axis=0
                )
        self._tidy_if_due()

    def remove(self, key: str) -> None:
        """Take the group out; nothing happens where there is none."""
        with self._lock:
            self._kill(key)
        self._tidy_if_due()

    def keys(self) -> dict[str, int]:
        """Every key with the number of its vectors."""
        with self._lock:
            return self._groups.counts()

    def vectors(self, keys: Sequence[str]) -> list[Vectors]:
        """The vectors of each key, in the order they were put; unknown keys get an empty array."""
        rows, bounds = self.gather(keys)
        return [rows[start:stop] for start, stop in pairwise(bounds)]

    def gather(self, keys: Sequence[str]) -> tuple[Vectors, list[int]]:
        """The vectors of all keys in one block, and the bounds between which each key's lie."""
        with self._lock:
            spans = [self._groups.span(key) for key in keys]
            rows = [np.arange(first, first + count) for first, count in spans]
            block = self._fetch(np.concatenate(rows) if rows else np.empty(0, dtype=np.int64))
        return block, [0, *accumulate(count for _, count in spans)]

    def search(self, query: Vectors, limit: int) -> list[tuple[str, float]]:
        """The ``limit`` keys whose best vector is nearest to ``query``, best first."""
        # For this thread alone; a team of threads for one query costs more than it brings.
        faiss.omp_set_num_threads(1)
        with self._lock:
            best: dict[int, float] = {}
            for part in (self._main, self._delta):
                for slot, score in part.search(query, limit, _FETCH_LEAST, _FETCH_FACTOR):
                    best[slot] = max(score, best.get(slot, -2.0))
            named = [(self._groups.name(slot), score) for slot, score in best.items()]
        return sorted(named, key=lambda item: (-item[1], item[0]))[:limit]

    def expect(self, vectors: int) -> None:
        """Be told that so many vectors are still to come, 0 when that is over: the index is then
        built once for all of them, and not for every size on the way."""
        with self._lock:
            self._expected = self._live + vectors if vectors else 0
        self._tidy_if_due()

    def join(self) -> None:
        """Wait for the tidying that is under way."""
        while (tidier := self._tidier) is not None:
            tidier.join()

    def _kill(self, key: str) -> None:
        first, count = self._groups.span(key)
        if not count:
            self._groups.drop(key)
            return
        rows = np.arange(first, first + count)
        self._sum_of_firsts -= self._fetch(rows[:1])[0]
        for part, places, _ in self._places(rows):
            part.owners.values[places] = DEAD
        self._groups.drop(key)
        self._live -= count
        if not self._live:
            self._sum_of_firsts[:] = 0.0

    def _places(
        self, rows: NDArray[np.int64]
    ) -> list[tuple[Part, NDArray[np.int64], NDArray[np.bool_]]]:
        """Where live rows lie: the part, the places in it, and which of ``rows`` they are."""
        fresh = rows >= self._delta.first_row
        found = []
        for part, mine in ((self._main, ~fresh), (self._delta, fresh)):
            if mine.any():
                found.append((part, np.searchsorted(part.rows.values, rows[mine]), mine))
        return found

    def _fetch(self, rows: NDArray[np.int64]) -> Vectors:
        found: Vectors = np.empty((len(rows), self.dim), dtype=np.float32)
        for part, places, mine in self._places(rows):
            found[mine] = part.index.fetch(places)
        return found

    def _tidy_if_due(self) -> None:
        with self._lock:
            if self._tidier is None and self._due():
                self._tidier = threading.Thread(target=self._tidy, name="index-tidy", daemon=True)
                self._tidier.start()

    def _due(self) -> bool:
        dead, fresh = self._numbers()
        stored = len(self._main) + len(self._delta)
        many_fresh = min(_FRESH_SHARE * stored, self._sizes.delta_most)
        due = dead > _DEAD_SHARE * stored or fresh > many_fresh
        return due and max(dead, fresh) >= self._sizes.tidy_from

    def _numbers(self) -> tuple[int, int]:
        return len(self._main) + len(self._delta) - self._live, len(self._delta)

    def _tidy(self) -> None:
        """What the thread does: build or move, as long as something is due."""
        faiss.omp_set_num_threads(1)
        try:
            while self._has_to_tidy():
                if self._outgrown():
                    self._rebuild()
                else:
                    self._take_in()
        except Exception:  # noqa: BLE001 - said in the log
            # Searches go on over what there is; the next edit tries again.
            _log.exception("tidying the index failed")
            self._tidier = None

    def _has_to_tidy(self) -> bool:
        with self._lock:
            due = self._due()
            if not due:
                self._tidier = None
            return due

    def _outgrown(self) -> bool:
        """Whether a fresh large index is wanted, and not only room for what is fresh."""
        with self._lock:
            main = self._main.index
            dead, _ = self._numbers()
            stored = len(self._main) + len(self._delta)
            return (
                (dead > _DEAD_SHARE * stored and dead >= self._sizes.tidy_from)
                or self._wanted_kind(self._live) != main.kind
                or (main.kind == "lists" and self._live > _OUTGROWN * main.trained_on)
            )

    def _wanted_kind(self, vectors: int) -> Kind:
        """The kind for so many vectors; where more are expected, exact search until there are
        enough to train what will hold them all."""
        kind = self._sizes.kind(max(vectors, self._expected))
        enough = vectors >= min(self._expected, sample_size(kind, self._expected))
        return kind if enough else "flat"

    def _take_in(self) -> None:
        """Move what is fresh into the large index, a little at a time."""
        pace = Pace()
        while True:
            with self._lock, pace:
                places = self._delta.oldest(pace.number)
                if not len(places):
                    break
                live = places[self._delta.owners.values[places] != DEAD]
                if len(live):
                    rows, owners = self._delta.rows.values[live], self._delta.owners.values[live]
                    self._main.append(self._delta.index.fetch(live), rows, owners)
                self._delta.move_on(int(places[-1]) + 1)
            pace.rest()
        with self._lock:
            self._delta = self._rest_of_delta(self._delta.start)

    def _rebuild(self) -> None:
        """Build off the lock; rows added meanwhile stay in the small index, dead ones stay dead."""
        with self._lock:
            old, delta = self._main, self._delta
            seen = len(delta.rows)
            alive = [np.flatnonzero(part.owners.values != DEAD) for part in (old, delta)]
            rows = np.concatenate(
                [part.rows.values[p] for part, p in zip((old, delta), alive, strict=True)]
            )
        index = self._built(rows)
        with self._lock:
            owners = [p.owners.values[a] for p, a in zip((old, delta), alive, strict=True)]
            part = Part(index)
            part.rows.replace(rows)
            part.owners.replace(np.concatenate(owners))
            self._delta = self._rest_of_delta(seen)
            self._main = part

    def _built(self, rows: NDArray[np.int64]) -> Bulk:
        kind, wanted = self._wanted_kind(len(rows)), max(len(rows), self._expected)
        if len(rows) >= _ALL_CORES_FROM:
            faiss.omp_set_num_threads(os.cpu_count() or 1)
        chosen = np.random.default_rng(len(rows)).permutation(len(rows))
        sample = self._copied(rows[np.sort(chosen[: sample_size(kind, wanted)])])
        index = make(kind, self.dim, wanted, sample, like=self._main.index)
        del sample
        for start in range(0, len(rows), _COPY_AT_ONCE):
            index.add(self._copied(rows[start : start + _COPY_AT_ONCE]))
        faiss.omp_set_num_threads(1)
        return index

    def _copied(self, rows: NDArray[np.int64]) -> Vectors:
        """Vectors of stored rows, fetched a few at a time so that searches get their turn."""
        found: Vectors = np.empty((len(rows), self.dim), dtype=np.float32)
        for start in range(0, len(rows), _COPY_AT_ONCE):
            stop = start + _COPY_AT_ONCE
            with self._lock:
                found[start:stop] = self._fetch(rows[start:stop])
        return found

    def _rest_of_delta(self, start: int) -> Part:
        """A small index of what is alive from place ``start`` on."""
        owners = self._delta.owners.values[start:]
        live = np.flatnonzero(owners != DEAD)
        part = Part(Flat(self.dim))
        if len(live):
            places = live + start
            rows = self._delta.rows.values[places]
            part.append(self._delta.index.fetch(places), rows, owners[live])
        return part


def row_numbers(index: VectorIndex) -> NDArray[np.int64]:
    """The numbers of all stored rows, dead ones too; for checks that none is used twice."""
    with index._lock:
        found: NDArray[np.int64] = np.concatenate(
            [index._main.rows.values, index._delta.rows.values[index._delta.start :]]
        )
        return found
