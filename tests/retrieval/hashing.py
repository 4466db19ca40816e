"""A small encoder without a model: words and character n-grams hashed into a vector.

It is an encoder in earnest (like texts get like vectors), so the index can be tested in
milliseconds.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from retrieval.errors import NotLoaded
from retrieval.text import char_ngrams, terms
from retrieval.types import Reading, TextKind, Vectors


class HashingEncoder:
    def __init__(self, name: str = "hashing", dim: int = 64, version: str = "1") -> None:
        self.name = name
        self.dim = self.token_dim = dim
        self.version = f"{name}@{version}"
        self.encoded = 0
        self.reads_context = False
        self._loaded = False

    def load(self) -> None:
        self._loaded = True

    def encode(self, texts: Sequence[str], kind: TextKind = "message") -> Vectors:
        if not self._loaded:
            raise NotLoaded("The encoder hashing was used before its load().")
        self.encoded += len(texts)
        return self._rows(texts)

    def read(
        self,
        texts: Sequence[str],
        kind: TextKind = "message",
        before: Sequence[Sequence[str]] = (),
    ) -> list[Reading]:
        vectors = self.encode(texts, kind)
        found = []
        for vector, text in zip(vectors, texts, strict=True):
            tokens = self._rows([*terms(text)] or [text])
            weights = np.full(len(tokens), 1 / len(tokens), dtype=np.float32)
            found.append(Reading(vector, tokens, weights))
        return found

    def _rows(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = 0.01
            for gram in [*terms(text), *terms(text), *char_ngrams(text)]:
                place = zlib.crc32(gram.encode())
                row[place % self.dim] += 1.0 if place & 0x10000 else -1.0
            row /= np.linalg.norm(row)
        return rows
