"""The mean of one vector a key, of a sample where keys are many; kept up edit by edit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

import numpy as np

from retrieval.types import Vectors

_LEAST, _MOST = 256, 1_024


class SampledMean:
    """Keeps the vectors ``(dim,)`` of up to 1,024 keys: of those whose checksum ends in so many
    zero bits, which no order of edits changes."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._bits = 0
        self._kept: dict[str, Vectors] = {}
        self._mean: Vectors | None = None

    def __len__(self) -> int:
        return len(self._kept)

    def update(self, vectors: Mapping[str, Vectors]) -> None:
        """Add or replace the vectors of keys."""
        # Copies, lest a row keep all of its block.
        self._kept.update((key, row.copy()) for key, row in vectors.items() if self._takes(key))
        while len(self._kept) > _MOST:
            self._bits += 1
            self._kept = {key: row for key, row in self._kept.items() if self._takes(key)}
        self._mean = None

    def discard(self, key: str) -> None:
        """Forget a key; nothing happens where it is unknown."""
        if self._kept.pop(key, None) is not None:
            self._mean = None

    def widened(self, keys: Iterable[str]) -> list[str]:
        """Those of all ``keys`` whose vectors are to be put because too few are left; none else."""
        if not self._bits or len(self._kept) >= _LEAST:
            return []
        every = list(keys)
        while self._bits and sum(map(self._takes, every)) < _LEAST:
            self._bits -= 1
        return [key for key in every if self._takes(key) and key not in self._kept]

    def mean(self) -> Vectors:
        """Mean ``(dim,)`` of what is kept; zeros where nothing is."""
        if self._mean is None:
            rows = list(self._kept.values()) or [np.zeros(self._dim, dtype=np.float32)]
            self._mean = np.mean(rows, axis=0, dtype=np.float32)
        return self._mean

    def _takes(self, key: str) -> bool:
        return zlib.crc32(key.encode()) & ((1 << self._bits) - 1) == 0
