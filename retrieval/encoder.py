"""Encoders on CTranslate2, and how one is opened by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.engine import Ct2Engine
from retrieval.errors import ModelError
from retrieval.models import ModelStore
from retrieval.types import Encoder, Reading, TextKind, Vectors

#: The heads of a model that was trained for late interaction (:mod:`retrieval.training`).
HEADS = "heads.safetensors"


def open_encoder(encoder: str | Encoder, store: ModelStore) -> Encoder:
    """The encoder of a name known to the model store, or the encoder itself; not loaded yet."""
    return Ct2Encoder(encoder, store) if isinstance(encoder, str) else encoder


class Ct2Encoder:
    """Vectors of texts and of their tokens, from one pass of a :class:`Ct2Engine`.

    Vectors of texts are pooled as the model's card says and L2-normalised, so that a dot product is
    the cosine. Texts are cut at the card's ``max_tokens``, a longer message in its middle. Token
    vectors are projected and weighed by the heads that the model was trained with; another model's
    are taken as they are, all alike. Safe to call from several threads.
    """

    def __init__(self, name: str, store: ModelStore) -> None:
        self.name = name
        self.dim = 0
        self.token_dim = 0
        self.reads_context = False
        self._engine = Ct2Engine(name, store)
        self._heads: _Heads | None = None
        self._prefixes: dict[TextKind, str] = {}
        self._skip: dict[TextKind, int] = {}

    @property
    def version(self) -> str:
        """Name and hash of the weights; empty before ``load``."""
        return self._engine.version

    def load(self) -> None:
        """Load (and where needed fetch) the model. Raises ModelError."""
        self._engine.load()
        card, tokens = self._engine.card, self._engine.tokens
        self.dim = int(card["dim"])
        self._heads = _Heads.read(self._engine.folder, self.dim)
        self.token_dim = self._heads.projection.shape[0]
        self.reads_context = bool(card.get("context", False))
        self._prefixes = {
            "message": card["prefix_query"],
            "phrasing": card["prefix_query"],
            "whole": card["prefix_passage"],
        }
        self._skip = {
            kind: 1 + len(tokens.plain(prefix.strip())) for kind, prefix in self._prefixes.items()
        }

    def encode(self, texts: Sequence[str], kind: TextKind = "message") -> Vectors:
        """One normalised float32 row for each text. Raises NotLoaded."""
        rows = np.empty((len(texts), self.dim), dtype=np.float32)
        for numbers, hidden, lengths in self._engine.passes(self._ids(texts, kind)):
            rows[numbers] = self._pool(hidden, lengths)
        return rows

    def read(
        self,
        texts: Sequence[str],
        kind: TextKind = "message",
        before: Sequence[Sequence[str]] = (),
    ) -> list[Reading]:
        """Vector and token vectors of each text, behind the turns ``before`` it where the model
        reads them. Raises NotLoaded."""
        found: dict[int, Reading] = {}
        ids = self._ids(texts, kind, before if self.reads_context else ())
        for numbers, hidden, lengths in self._engine.passes(ids):
            pooled = self._pool(hidden, lengths)
            for row, number in enumerate(numbers):
                tokens = hidden[row, self._skip[kind] : lengths[row] - 1]
                if not len(tokens):
                    tokens = hidden[row, :1]  # a text without any is read off its frame
                found[number] = self._reading(pooled[row], tokens, kind)
        return [found[number] for number in range(len(texts))]

    def _ids(
        self, texts: Sequence[str], kind: TextKind, before: Sequence[Sequence[str]] = ()
    ) -> list[list[int]]:
        tokens, prefix = self._engine.tokens, self._prefixes[kind]
        turns = before or [()] * len(texts)
        return [tokens.ids(prefix + t, b) for t, b in zip(texts, turns, strict=True)]

    def _reading(self, vector: Vectors, hidden: NDArray[np.float32], kind: TextKind) -> Reading:
        assert self._heads is not None
        tokens = _normalised(hidden @ self._heads.projection.T)
        weights = self._heads.weights(hidden, kind)
        return Reading(vector, tokens, weights, self._heads.nothing(vector))

    def _pool(self, hidden: NDArray[np.float32], lengths: NDArray[np.int64]) -> Vectors:
        if self._engine.card["pooling"] == "cls":
            return _normalised(hidden[:, 0])
        mask = np.arange(hidden.shape[1])[None, :] < lengths[:, None]
        return _normalised((hidden * mask[:, :, None]).sum(axis=1) / lengths[:, None])


@dataclass(frozen=True, slots=True)
class _Heads:
    """``projection`` (token_dim, dim); the others (dim + 1,), a bias at the end."""

    projection: Vectors
    message: Vectors
    entry: Vectors
    none: Vectors

    @classmethod
    def read(cls, folder: Path | None, dim: int) -> _Heads:
        """Those that lie beside the model, or such as change nothing. Raises ModelError."""
        path = folder / HEADS if folder else None
        if path is None or not path.is_file():
            flat = np.zeros(dim + 1, dtype=np.float32)
            return cls(np.eye(dim, dtype=np.float32), flat, flat, flat)
        from safetensors.numpy import load_file

        found = load_file(path)
        try:
            return cls(found["projection"], found["message"], found["entry"], found["none"])
        except KeyError as error:
            raise ModelError(f"{path} lacks the tensor {error}; fetch the model again.") from error

    def weights(self, hidden: NDArray[np.float32], kind: TextKind) -> Vectors:
        """The share of each token, by a softplus of a linear score."""
        head = self.message if kind == "message" else self.entry
        shares = np.logaddexp(0, hidden @ head[:-1] + head[-1])
        result: Vectors = (shares / max(float(shares.sum()), 1e-9)).astype(np.float32)
        return result

    def nothing(self, vector: Vectors) -> float:
        return float(vector @ self.none[:-1] + self.none[-1])


def _normalised(rows: NDArray[np.float32]) -> Vectors:
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    result: Vectors = (rows / np.maximum(norms, 1e-12)).astype(np.float32)
    return result
