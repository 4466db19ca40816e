"""What :mod:`retrieval.vectors` knows beside the vectors: who owns each row, and where it lies.

Numpy columns, since at a million entries a Python object for each row would take more memory than
the vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.columns import Column
from retrieval.index_kinds import Bulk
from retrieval.types import Vectors

#: The owner of a row that is not returned any more.
DEAD = -1


class Part:
    """An index with the row number, ascending, and the owner's slot at each of its places.

    ``start``: places before it have been moved to another part.
    """

    def __init__(self, index: Bulk) -> None:
        self.index = index
        self.rows = Column(np.int64)
        self.owners = Column(np.int32)
        self.start = 0

    def __len__(self) -> int:
        return len(self.rows) - self.start

    @property
    def first_row(self) -> int:
        """Rows from this number on lie here, and not in the part before."""
        rows = self.rows.values[self.start :]
        return int(rows[0]) if len(rows) else int(np.iinfo(np.int64).max)

    @property
    def nbytes(self) -> int:
        """Bytes of the index and its columns."""
        return self.index.nbytes + self.rows.nbytes + self.owners.nbytes

    def append(self, vectors: Vectors, rows: NDArray[np.int64], owners: NDArray[np.int32]) -> None:
        """Add rows with their vectors ``(n, dim)``."""
        self.index.add(vectors)
        self.rows.extend(rows)
        self.owners.extend(owners)

    def oldest(self, number: int) -> NDArray[np.int64]:
        """The first places that have not been moved."""
        return np.arange(self.start, min(len(self.rows), self.start + number))

    def move_on(self, start: int) -> None:
        """Places before ``start`` are another part's now."""
        self.owners.values[self.start : start] = DEAD
        self.start = start

    def search(
        self, query: Vectors, limit: int, least: int, factor: int
    ) -> Iterator[tuple[int, float]]:
        """Slots with their best score, best first: ``limit`` of them where there are as many, as
        far as the index can be asked at once. Fetches ``factor`` times ``limit`` and, until enough
        of what came back is alive, ``factor`` times more."""
        total = min(len(self.rows), self.index.most)
        fetch = min(total, max(least, limit * factor))
        while fetch:
            scores, places = self.index.nearest(query, fetch)
            owners = self.owners.values[places]
            owners[places < 0] = DEAD
            alive = np.flatnonzero(owners != DEAD)
            slots, firsts = np.unique(owners[alive], return_index=True)
            if len(slots) >= limit or fetch == total:
                yield from zip(slots.tolist(), scores[alive[firsts]].tolist(), strict=True)
                return
            fetch = min(total, fetch * factor)


class Groups:
    """Keys with the rows of each: consecutive numbers. A slot stands for a key; it is free for
    another once the key is dropped, since then no row is owned by it."""

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._names: list[str] = []
        self._firsts = Column(np.int64)
        self._counts = Column(np.int32)
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def nbytes(self) -> int:
        """Bytes of the columns; a key takes a hundred more in a dictionary."""
        return self._firsts.nbytes + self._counts.nbytes

    def counts(self) -> dict[str, int]:
        """Every key with the number of its rows."""
        numbers = self._counts.values
        return {key: int(numbers[slot]) for key, slot in self._slots.items()}

    def span(self, key: str) -> tuple[int, int]:
        """The key's first row and how many it has; none of an unknown one."""
        slot = self._slots.get(key)
        if slot is None:
            return 0, 0
        return int(self._firsts.values[slot]), int(self._counts.values[slot])

    def name(self, slot: int) -> str:
        """The key of a slot."""
        return self._names[slot]

    def add(self, keys: Sequence[str], first: int, counts: Sequence[int]) -> NDArray[np.int32]:
        """Slots for new keys whose rows follow each other from ``first`` on."""
        slots = np.empty(len(keys), dtype=np.int32)
        for number, (key, count) in enumerate(zip(keys, counts, strict=True)):
            slots[number] = self._slots[key] = self._slot(key)
            self._firsts.values[slots[number]] = first
            self._counts.values[slots[number]] = count
            first += count
        return slots

    def drop(self, key: str) -> None:
        """Forget the key; nothing happens where it is unknown."""
        slot = self._slots.pop(key, None)
        if slot is not None:
            self._names[slot] = ""
            self._free.append(slot)

    def _slot(self, key: str) -> int:
        if self._free:
            slot = self._free.pop()
            self._names[slot] = key
            return slot
        self._names.append(key)
        self._firsts.append(0)
        self._counts.append(0)
        return len(self._names) - 1
