"""One converted encoder in memory: its tokenizer, its card and its forward pass."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.batching import Batcher, Ids, by_length
from retrieval.errors import ModelError, NotLoaded
from retrieval.models import ModelStore
from retrieval.models.manifest import Manifest
from retrieval.pieces import Tokens, open_tokens

Hidden = NDArray[np.float32]
_BATCH_TOKENS = 4096


class Ct2Engine:
    """A BERT-type model at int8, one thread a call (two cost more than they bring).

    Calls that wait for the model at the same time share a pass (:mod:`retrieval.batching`).
    """

    def __init__(self, name: str, store: ModelStore) -> None:
        self.name = name
        self.version = ""
        self.card: dict[str, Any] = {}
        self.folder: Path | None = None
        self._store = store
        self._run: Batcher | None = None
        self._tokens: Tokens | None = None
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load (and where needed fetch) the model. Raises ModelError."""
        with self._loading:
            if self._run is None:
                self._load(self._store.ensure(self.name))

    @property
    def tokens(self) -> Tokens:
        """The tokenizer. Raises NotLoaded."""
        if self._tokens is None:
            raise NotLoaded(f"The encoder {self.name} was used before its load().")
        return self._tokens

    def passes(self, ids: Ids) -> Iterator[tuple[list[int], Hidden, NDArray[np.int64]]]:
        """Run token ids through the model, those of like length together to spare padding.

        Yields, for one batch at a time (the hidden states of all would fill the memory), the
        numbers of its texts, their hidden states ``(texts, width, dim)`` and their lengths.
        """
        if self._run is None:
            raise NotLoaded(f"The encoder {self.name} was used before its load().")
        for numbers in by_length([len(one) for one in ids], _BATCH_TOKENS):
            lengths = np.array([len(ids[number]) for number in numbers])
            yield numbers, self._run([ids[number] for number in numbers]), lengths

    def _load(self, folder: Path) -> None:
        import ctranslate2

        self.card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        if self.card["kind"] != "encoder":
            raise ModelError(
                f"{self.name} is a {self.card['kind']}, not an encoder. Name another in "
                "GRAPEVINE_ENCODER_EN or GRAPEVINE_ENCODER_MULTI."
            )
        self._tokens = open_tokens(folder, int(self.card["max_tokens"]))
        self.folder = folder
        # All files: token vectors hang on the heads and the tokenizer too.
        files = json.dumps(Manifest.read(folder).files, sort_keys=True)
        self.version = f"{self.name}@{hashlib.sha256(files.encode()).hexdigest()[:12]}"
        engine = ctranslate2.Encoder(
            str(folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=1
        )

        def forward(ids: Ids) -> Hidden:
            return np.array(engine.forward_batch(ids).last_hidden_state, dtype=np.float32)

        self._run = Batcher(forward)
