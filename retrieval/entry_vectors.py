"""What a catalogue needs of an index over the vectors of its entries, and the one in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from retrieval.types import Encoder, Vectors
from retrieval.vectors import VectorIndex


class Version(NamedTuple):
    """Which state of an entry vectors were made of: its revision, and a digest of all of it."""

    revision: int
    digest: str


class EntryVectors(Protocol):
    """Vectors of one encoder, in groups: one for each entry, under its id.

    Not locked: the catalogue's owner serialises access. An implementation whose vectors lie
    outside the process may raise IndexUnavailable from every method but ``expect`` and ``join``.
    """

    dim: int

    def __len__(self) -> int:
        """How many vectors there are."""

    @property
    def centre(self) -> Vectors:
        """Mean ``(dim,)`` of the groups' first vectors; zeros where there is none."""

    @property
    def crowded(self) -> bool:
        """Whether who adds much at once should :meth:`join` first, lest searches suffer."""

    def expect(self, vectors: int) -> None:
        """Be told that so many vectors are still to come; 0 when that is over."""

    def write(self, groups: Mapping[str, Vectors], versions: Mapping[str, Version]) -> None:
        """Add or replace groups; their earlier vectors are never returned again."""

    def drop(self, keys: Iterable[str]) -> None:
        """Take groups out; unknown keys are passed over."""

    def sweep(self, wanted: Mapping[str, Version]) -> None:
        """Take out what is left over from processes that died and is not wanted."""

    def keys(self) -> dict[str, int]:
        """Every key with the number of its vectors, leftovers too."""

    def vectors(self, keys: Sequence[str]) -> list[Vectors]:
        """The vectors of each key in the order they were written; none of unknown keys."""

    def gather(self, keys: Sequence[str]) -> tuple[Vectors, list[int]]:
        """The vectors of all keys in one block, and the bounds between which each key's lie."""

    def search(self, query: Vectors, limit: int) -> list[tuple[str, float]]:
        """The ``limit`` keys whose best vector is nearest to ``query`` by inner product."""

    def join(self) -> None:
        """Wait for work that goes on beside the searches."""


#: Opens the vectors of an encoder that is loaded. May raise IndexUnavailable.
OpenVectors = Callable[[Encoder], EntryVectors]


class LocalVectors(VectorIndex):
    """FAISS in this process's memory; other processes keep their own."""

    @classmethod
    def open(cls, encoder: Encoder) -> LocalVectors:
        """An empty index for an encoder's vectors."""
        return cls(encoder.dim)

    def write(self, groups: Mapping[str, Vectors], versions: Mapping[str, Version]) -> None:  # noqa: ARG002 - nobody else writes here
        """Add or replace groups; their earlier vectors are never returned again."""
        self.put_many(groups)

    def drop(self, keys: Iterable[str]) -> None:
        """Take groups out; unknown keys are passed over."""
        for key in keys:
            self.remove(key)

    def sweep(self, wanted: Mapping[str, Version]) -> None:
        """Nothing: memory that others left over is not ours."""
