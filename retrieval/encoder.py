"""Sentence encoders on CTranslate2, and how one is opened by name."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.batching import Batcher, Hidden, Ids
from retrieval.errors import ModelError, NotLoaded
from retrieval.models import ModelStore
from retrieval.models.manifest import Manifest
from retrieval.pieces import Tokens, open_tokens
from retrieval.types import Encoder, TextKind, Vectors

_BATCH_TOKENS = 4096


def open_encoder(encoder: str | Encoder, store: ModelStore) -> Encoder:
    """The encoder of a name known to the model store, or the encoder itself; not loaded yet."""
    return Ct2Encoder(encoder, store) if isinstance(encoder, str) else encoder


class Ct2Encoder:
    """A BERT-type encoder at int8, one thread a call (two cost more than they bring).

    Vectors are pooled as the model's card says and L2-normalised, so that a dot product is the
    cosine. Texts are cut at the card's ``max_tokens``. Safe to call from several threads;
    calls that wait for the model at the same time share a pass (:mod:`retrieval.batching`).
    """

    def __init__(self, name: str, store: ModelStore) -> None:
        self.name = name
        self.dim = 0
        self.version = ""
        self._store = store
        self._run: Batcher | None = None
        self._tokens: Tokens | None = None
        self._card: dict[str, Any] = {}
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load (and where needed fetch) the model. Raises ModelError."""
        with self._loading:
            if self._run is None:
                self._load(self._store.ensure(self.name))

    def encode(self, texts: Sequence[str], kind: TextKind = "query") -> Vectors:
        """One normalised float32 row for each text. Raises NotLoaded."""
        rows = np.empty((len(texts), self.dim), dtype=np.float32)
        for numbers, hidden, lengths in self._batches(texts, kind):
            rows[numbers] = self._pool(hidden, lengths)
        return rows

    def encode_tokens(
        self, texts: Sequence[str], kind: TextKind = "query"
    ) -> tuple[Vectors, list[Vectors]]:
        """As :meth:`encode`, and from the same pass the normalised vectors of every token.

        The frame's own tokens (first, last, prefix) are left out.
        """
        rows = np.empty((len(texts), self.dim), dtype=np.float32)
        tokens: list[Vectors] = [rows[:0]] * len(texts)
        skip = 1 + self._prefix_tokens[kind]
        for numbers, hidden, lengths in self._batches(texts, kind):
            rows[numbers] = self._pool(hidden, lengths)
            for row, number in enumerate(numbers):
                tokens[number] = _normalised(hidden[row, skip : lengths[row] - 1])
        return rows, tokens

    def _load(self, folder: Path) -> None:
        import ctranslate2

        self._card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        if self._card["kind"] != "encoder":
            raise ModelError(
                f"{self.name} is a {self._card['kind']}, not an encoder. Name another in "
                "GRAPEVINE_ENCODER_EN or GRAPEVINE_ENCODER_MULTI."
            )
        self._tokens = tokens = open_tokens(folder, int(self._card["max_tokens"]))
        self.dim = int(self._card["dim"])
        self.version = f"{self.name}@{Manifest.read(folder).files['model.bin'][:12]}"
        self._prefix_tokens: dict[TextKind, int] = {
            "query": tokens.count(self._card["prefix_query"].strip()),
            "passage": tokens.count(self._card["prefix_passage"].strip()),
        }
        engine = ctranslate2.Encoder(
            str(folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=1
        )

        def forward(ids: Ids) -> Hidden:
            return np.array(engine.forward_batch(ids).last_hidden_state, dtype=np.float32)

        self._run = Batcher(forward)

    def _batches(
        self, texts: Sequence[str], kind: TextKind
    ) -> Iterator[tuple[list[int], NDArray[np.float32], NDArray[np.int64]]]:
        """Run the texts through the model, those of like length together to spare padding.

        One batch at a time: the hidden states of all of them would fill the memory.
        """
        if self._run is None or self._tokens is None:
            raise NotLoaded(f"The encoder {self.name} was used before its load().")
        prefix = self._card["prefix_query" if kind == "query" else "prefix_passage"]
        ids = [self._tokens.ids(prefix + text) for text in texts]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        start = 0
        while start < len(order):
            stop = start + 1
            while stop < len(order) and len(ids[order[stop]]) * (stop + 1 - start) <= _BATCH_TOKENS:
                stop += 1
            numbers = order[start:stop]
            hidden = self._run([ids[number] for number in numbers])
            lengths = np.array([len(ids[number]) for number in numbers])
            yield numbers, hidden, lengths
            start = stop

    def _pool(self, hidden: NDArray[np.float32], lengths: NDArray[np.int64]) -> Vectors:
        if self._card["pooling"] == "cls":
            return _normalised(hidden[:, 0])
        mask = np.arange(hidden.shape[1])[None, :] < lengths[:, None]
        return _normalised((hidden * mask[:, :, None]).sum(axis=1) / lengths[:, None])


def _normalised(rows: NDArray[np.float32]) -> Vectors:
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    result: Vectors = (rows / np.maximum(norms, 1e-12)).astype(np.float32)
    return result
