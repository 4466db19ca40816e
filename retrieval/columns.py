"""Numbers that are appended to: numpy arrays that grow by half when they are full."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

_LEAST = 16


class Column:
    """A growing array of one dimension; takes as many bytes a number as its type."""

    __slots__ = ("_data", "_size")

    def __init__(self, dtype: DTypeLike) -> None:
        self._data: NDArray[Any] = np.empty(0, dtype=dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def values(self) -> NDArray[Any]:
        """What was appended, as a view: writing to it changes the column."""
        return self._data[: self._size]

    @property
    def nbytes(self) -> int:
        """Bytes taken, with the room to grow."""
        return int(self._data.nbytes)

    def append(self, value: float) -> None:
        """Add one number."""
        if self._size == len(self._data):
            self._grow(self._size + 1)
        self._data[self._size] = value
        self._size += 1

    def extend(self, values: ArrayLike) -> None:
        """Add numbers at the end."""
        added = np.asarray(values, dtype=self._data.dtype)
        stop = self._size + len(added)
        if stop > len(self._data):
            self._grow(stop)
        self._data[self._size : stop] = added
        self._size = stop

    def replace(self, values: NDArray[Any]) -> None:
        """Hold these numbers instead."""
        self._data = values.astype(self._data.dtype)
        self._size = len(values)

    def _grow(self, least: int) -> None:
        data = np.empty(max(_LEAST, least, len(self._data) * 3 // 2), dtype=self._data.dtype)
        data[: self._size] = self.values
        self._data = data
