"""Token vectors of all entries: packed end to end, in memory while they are few, then in files.

A large base's tokens take ten kilobytes an entry and encoder, and a search looks at some thirty
entries: memory-mapped, the system keeps the pages that are asked for and no more. The files have
no name (they are gone with the process, however it ends); what lasts is the snapshot.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import KeysView, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.columns import Column
from retrieval.tokens import EntryTokens

_SEGMENT = 16 << 20
_IN_MEMORY = 256 << 20
_ALIGNED = 4
_GONE = -1

Bytes = NDArray[np.uint8]


class TokenArena:
    """:class:`EntryTokens` by key. Not locked; what it hands out stays valid after any edit.

    ``folder`` takes the files (temporary ones where None), once ``in_memory`` bytes are full.
    A block is an entry's weights, the tokens of its question and all its tokens.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        in_memory: int = _IN_MEMORY,
        segment: int = _SEGMENT,
    ) -> None:
        self._folder = folder
        self._in_memory = in_memory
        self._segment = segment
        self._segments: list[Bytes | None] = []
        self._used: list[int] = []
        self._stored: list[int] = []
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        # By slot: segment, offset in it, rows of the question, rows of all.
        self._places = tuple(Column(np.int32) for _ in range(4))
        self._dim = 0

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: object) -> bool:
        return key in self._slots

    def __getitem__(self, key: str) -> EntryTokens:
        number, offset, asked, every = self._place(self._slots[key])
        segment = self._segments[number]
        assert segment is not None
        weights = segment[offset : offset + 4 * asked].view(np.float32)
        start = offset + 4 * asked
        middle, stop = start + asked * self._dim, start + (asked + every) * self._dim
        return EntryTokens(
            segment[middle:stop].view(np.int8).reshape(every, self._dim),
            segment[start:middle].view(np.int8).reshape(asked, self._dim),
            weights,
        )

    @property
    def nbytes(self) -> int:
        """Bytes of the entries that are there."""
        return sum(self._used)

    def keys(self) -> KeysView[str]:
        """The keys that it holds."""
        return self._slots.keys()

    def update(self, found: Mapping[str, EntryTokens]) -> None:
        """Add or replace. Raises OSError where a file cannot be made."""
        for key, tokens in found.items():
            self._dim = tokens.all.shape[1]
            number, offset = self._store(
                np.concatenate(
                    [part.reshape(-1).view(np.uint8) for part in _parts(tokens)], dtype=np.uint8
                )
            )
            # Not before there is room for what takes its place.
            self.discard(key)
            slot = self._new_slot()
            self._slots[key] = slot
            numbers = number, offset, len(tokens.asked), len(tokens.all)
            for column, value in zip(self._places, numbers, strict=True):
                column.values[slot] = value
        self._compact()

    def discard(self, key: str) -> None:
        """Forget a key; nothing happens where it is unknown."""
        slot = self._slots.pop(key, None)
        if slot is None:
            return
        self._release(slot)
        self._places[0].values[slot] = _GONE
        self._free.append(slot)

    def _place(self, slot: int) -> tuple[int, int, int, int]:
        number, offset, asked, every = (int(column.values[slot]) for column in self._places)
        return number, offset, asked, every

    def _new_slot(self) -> int:
        if self._free:
            return self._free.pop()
        for column in self._places:
            column.append(_GONE)
        return len(self._places[0]) - 1

    def _size(self, slot: int) -> int:
        _, _, asked, every = self._place(slot)
        return _aligned(4 * asked + (asked + every) * self._dim)

    def _release(self, slot: int) -> None:
        number = self._place(slot)[0]
        self._used[number] -= self._size(slot)
        if number < len(self._segments) - 1:
            self._drop_if_empty(number)

    def _drop_if_empty(self, number: int) -> None:
        if not self._used[number]:
            self._segments[number] = None
            self._stored[number] = 0

    def _store(self, block: Bytes) -> tuple[int, int]:
        size = _aligned(len(block))
        last = self._segments[-1] if self._segments else None
        if last is None or self._stored[-1] + size > len(last):
            if last is not None:
                self._drop_if_empty(len(self._segments) - 1)
            last = self._new_segment(max(self._segment, size))
            self._segments.append(last)
            self._used.append(0)
            self._stored.append(0)
        offset = self._stored[-1]
        last[offset : offset + len(block)] = block
        self._stored[-1] += size
        self._used[-1] += size
        return len(self._segments) - 1, offset

    def _new_segment(self, size: int) -> Bytes:
        if sum(self._stored) + size <= self._in_memory:
            return np.empty(size, dtype=np.uint8)
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as stream:
            if hasattr(os, "posix_fallocate"):
                # A full disk is told here; writing to a map with holes would kill the process.
                os.posix_fallocate(stream.fileno(), 0, size)
            else:
                stream.truncate(size)
            # The map keeps the file after it is closed.
            return np.memmap(stream, dtype=np.uint8, mode="r+", shape=(size,))

    def _compact(self) -> None:
        """Where more than half of what is stored is dead, move what is alive out of the segment
        that holds least of it: one at a time, so that no edit waits long."""
        stored, used = sum(self._stored), sum(self._used)
        if len(self._segments) < 2 or stored - used <= max(used, self._segment):
            return
        full = [n for n, segment in enumerate(self._segments[:-1]) if segment is not None]
        number = max(full, key=lambda n: self._stored[n] - self._used[n])
        segment = self._segments[number]
        assert segment is not None
        for slot in np.flatnonzero(self._places[0].values == number).tolist():
            offset, size = self._place(slot)[1], self._size(slot)
            there = self._store(segment[offset : offset + size])
            self._release(slot)
            for column, value in zip(self._places, there, strict=False):
                column.values[slot] = value


def _parts(tokens: EntryTokens) -> tuple[NDArray[Any], ...]:
    return (
        np.ascontiguousarray(tokens.weights, dtype=np.float32),
        np.ascontiguousarray(tokens.asked),
        np.ascontiguousarray(tokens.all),
    )


def _aligned(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED
