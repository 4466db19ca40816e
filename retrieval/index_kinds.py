"""The kinds of FAISS index that hold the bulk of the vectors, and which one fits how many.

Exact search while it costs a few milliseconds; then a graph (HNSW, Malkov & Yashunin 2018) over
vectors at 8 bits; then inverted lists of product-quantised residuals (IVF-PQ, Jégou et al. 2011,
scanned in registers as in André et al. 2017), whose shortlist is scored again from vectors at 8
bits. Figures for the choice are in docs/developers/retrieval.md, "Scale".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.types import Vectors

Kind = Literal["flat", "graph", "lists"]
Places = NDArray[np.int64]

#: A graph and inverted lists are never asked for more than so many places at once: past it a
#: search would cost as much as one through everything.
_MOST = 16_384
_LINKS, _BUILD_BREADTH, _SEARCH_BREADTH = 32, 80, 128
#: Head room of the 8-bit range on either side of what the sample holds, as a share of it.
_HEAD_ROOM = 0.2
_LISTS_PER_ROOT, _MOST_LISTS = 4.0, 4_096
_SAMPLE_PER_LIST, _ROUNDS = 32, 6
_DIMS_PER_CODE, _CODE_BITS = 4, 4
#: One list in so many is scanned.
_SCANNED = 8
_SHORTLIST_FACTOR, _SHORTLIST_LEAST = 8, 256


@dataclass(frozen=True, slots=True)
class Sizes:
    """From how many vectors on which kind is taken; and when there is something to tidy.

    ``tidy_from``: fewer dead or fresh vectors than this are left where they are. ``delta_most``:
    the bulk takes in the vectors beside it when they are more (or a quarter of all).
    """

    graph_from: int = 20_000
    lists_from: int = 300_000
    tidy_from: int = 2_000
    delta_most: int = 10_000

    def kind(self, vectors: int) -> Kind:
        """The kind for so many vectors."""
        if vectors >= self.lists_from:
            return "lists"
        return "graph" if vectors >= self.graph_from else "flat"


class Bulk(Protocol):
    """An index of vectors by place, from 0 in the order they were added. Not locked.

    ``trained_on``: how many vectors there were when it was made.
    """

    kind: Kind
    trained_on: int

    @property
    def most(self) -> int:
        """How many places it can be asked for at once."""

    def add(self, vectors: Vectors) -> None:
        """Append vectors ``(n, dim)``."""

    def nearest(self, query: Vectors, number: int) -> tuple[Vectors, Places]:
        """Scores and places of the nearest to ``query`` ``(dim,)``, best first."""

    def fetch(self, places: Places) -> Vectors:
        """The vectors at these places, ``(n, dim)``, as exactly as they are kept."""

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""


def sample_size(kind: Kind, vectors: int) -> int:
    """How many vectors an index of this kind is trained on."""
    wanted = _SAMPLE_PER_LIST * _list_number(vectors)
    return {"flat": 0, "graph": min(vectors, 20_000), "lists": min(vectors, wanted)}[kind]


def make(kind: Kind, dim: int, vectors: int, sample: Vectors, like: Bulk | None = None) -> Bulk:
    """An empty index of ``kind``, made for so many ``vectors`` of which ``sample`` is a part.

    ``like``: one whose 8-bit range is taken over, so that vectors that are moved from it lose
    nothing a second time.
    """
    if kind == "flat":
        return Flat(dim)
    old = like.range if isinstance(like, Graph | Lists) else None
    if kind == "graph":
        return Graph(dim, vectors, sample, old)
    return Lists(dim, vectors, sample, old)


class Flat:
    """Exact search over 32-bit vectors."""

    kind: Kind = "flat"
    trained_on = 0

    def __init__(self, dim: int) -> None:
        self._index = faiss.IndexFlatIP(dim)

    @property
    def most(self) -> int:
        """All of them."""
        return int(self._index.ntotal)

    @property
    def nbytes(self) -> int:
        """Four bytes a number."""
        return int(self._index.ntotal * self._index.d * 4)

    def add(self, vectors: Vectors) -> None:
        """See :class:`Bulk`."""
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def nearest(self, query: Vectors, number: int) -> tuple[Vectors, Places]:
        """See :class:`Bulk`."""
        return _searched(self._index, query, number)

    def fetch(self, places: Places) -> Vectors:
        """See :class:`Bulk`."""
        return _reconstructed(self._index, places)


class Graph:
    """HNSW over vectors at 8 bits."""

    kind: Kind = "graph"

    def __init__(
        self, dim: int, vectors: int, sample: Vectors, old: NDArray[np.float32] | None
    ) -> None:
        self.trained_on = vectors
        bits: Any = faiss.ScalarQuantizer.QT_8bit  # an int, whatever the stubs say
        self._index = faiss.IndexHNSWSQ(dim, bits, _LINKS, faiss.METRIC_INNER_PRODUCT)
        self._index.hnsw.efConstruction = _BUILD_BREADTH
        self._index.hnsw.efSearch = _SEARCH_BREADTH
        self._storage = faiss.downcast_index(self._index.storage)
        _train_range(self._storage, sample, old)
        self._index.is_trained = True

    @property
    def most(self) -> int:
        """See :class:`Bulk`."""
        return _MOST

    @property
    def range(self) -> NDArray[np.float32]:
        """The 8-bit quantiser's trained numbers."""
        return _range(self._storage)

    @property
    def nbytes(self) -> int:
        """A byte a number, and the links of the lowest level (those above are a thirtieth)."""
        return int(self._index.ntotal * (self._index.d + 2 * _LINKS * 4 + 12))

    def add(self, vectors: Vectors) -> None:
        """See :class:`Bulk`."""
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def nearest(self, query: Vectors, number: int) -> tuple[Vectors, Places]:
        """See :class:`Bulk`."""
        return _searched(self._index, query, number)

    def fetch(self, places: Places) -> Vectors:
        """See :class:`Bulk`."""
        return _reconstructed(self._storage, places)


class Lists:
    """IVF-PQ for the shortlist, vectors at 8 bits for its order."""

    kind: Kind = "lists"

    def __init__(
        self, dim: int, vectors: int, sample: Vectors, old: NDArray[np.float32] | None
    ) -> None:
        self.trained_on = vectors
        lists = min(_list_number(vectors), len(sample))
        codes = max(1, dim // _DIMS_PER_CODE)
        self._centres = faiss.IndexFlatIP(dim)
        self._index = faiss.IndexIVFPQFastScan(
            self._centres, dim, lists, codes, _CODE_BITS, faiss.METRIC_INNER_PRODUCT
        )
        self._index.nprobe = max(1, lists // _SCANNED)
        self._index.cp.niter = _ROUNDS
        self._index.cp.max_points_per_centroid = _SAMPLE_PER_LIST
        self._index.cp.min_points_per_centroid = 1
        self._index.train(np.ascontiguousarray(sample, dtype=np.float32))
        bits = faiss.ScalarQuantizer.QT_8bit
        self._exact = faiss.IndexScalarQuantizer(dim, bits, faiss.METRIC_INNER_PRODUCT)
        _train_range(self._exact, sample, old)

    @property
    def most(self) -> int:
        """See :class:`Bulk`."""
        return _MOST

    @property
    def range(self) -> NDArray[np.float32]:
        """The 8-bit quantiser's trained numbers."""
        return _range(self._exact)

    @property
    def nbytes(self) -> int:
        """A byte a number, the short code, its place, and the centres of the lists."""
        codes = int(self._index.code_size) + 8 + self._index.d
        return int(self._index.ntotal * codes + self._index.nlist * self._index.d * 4)

    def add(self, vectors: Vectors) -> None:
        """See :class:`Bulk`."""
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        self._index.add(rows)
        self._exact.add(rows)

    def nearest(self, query: Vectors, number: int) -> tuple[Vectors, Places]:
        """See :class:`Bulk`."""
        shortlist = min(self._index.ntotal, max(_SHORTLIST_LEAST, _SHORTLIST_FACTOR * number))
        _, places = _searched(self._index, query, shortlist)
        places = places[places >= 0]
        scores: Vectors = self.fetch(places) @ query
        order = np.argsort(-scores, kind="stable")[:number]
        return scores[order], places[order]

    def fetch(self, places: Places) -> Vectors:
        """See :class:`Bulk`."""
        return _reconstructed(self._exact, places)


def _list_number(vectors: int) -> int:
    wanted = int(_LISTS_PER_ROOT * vectors**0.5)
    return max(1, min(wanted, _MOST_LISTS, vectors // 16))


def _searched(index: Any, query: Vectors, number: int) -> tuple[Vectors, Places]:
    scores, places = index.search(query.reshape(1, -1), number)
    return scores[0], places[0]


def _reconstructed(index: Any, places: Places) -> Vectors:
    found: Vectors = index.reconstruct_batch(np.ascontiguousarray(places, dtype=np.int64))
    return found


def _train_range(index: Any, sample: Vectors, old: NDArray[np.float32] | None) -> None:
    if old is not None:
        faiss.copy_array_to_vector(old, index.sq.trained)
        index.is_trained = True
        return
    index.sq.rangestat_arg = _HEAD_ROOM
    index.train(np.ascontiguousarray(sample, dtype=np.float32))


def _range(index: Any) -> NDArray[np.float32]:
    found: NDArray[np.float32] = faiss.vector_to_array(index.sq.trained).copy()
    return found
