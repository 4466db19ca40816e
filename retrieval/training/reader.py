"""The reader in training: one transformer, and the heads that late interaction needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from retrieval.batching import by_length
from retrieval.pieces import in_context
from retrieval.training.starting import Start
from retrieval.training.worlds import Ask

#: As many tokens of a text are read, here and where it is served.
TOKENS = 80
TOKEN_DIM = 96
_BATCH_TOKENS = 6000
#: Lower layers and word vectors stay as they are: a third less to compute, and less forgotten.
_FROZEN_LAYERS = 2


@dataclass(frozen=True, slots=True)
class Read:
    """Texts as the reader sees them: pooled ``vectors`` (texts, dim) of length 1, and ``hidden``,
    for each text the states (n, dim) of its tokens without the frame."""

    vectors: Any
    hidden: list[Any]


class Reader(nn.Module):  # type: ignore[misc]
    """``projection`` makes token vectors of hidden states; ``message`` and ``entry`` weigh tokens;
    ``none`` says how much a message looks like one that nothing answers. ``scales`` sharpen the
    five parts of a score: best phrasing, whole, message met, question met, unmet."""

    def __init__(self, start: Start) -> None:
        super().__init__()
        self.bert = start.bert
        self.pad = start.pad
        dim = self.bert.config.hidden_size
        self.projection = nn.Linear(dim, TOKEN_DIM, bias=False)
        nn.init.orthogonal_(self.projection.weight)
        self.message, self.entry, self.none = (nn.Linear(dim, 1) for _ in range(3))
        for head in (self.message, self.entry, self.none):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        nn.init.constant_(self.none.bias, 14.0)
        self.scales = nn.Parameter(torch.tensor([8.0, 8.0, 10.0, 6.0, 3.0]))
        #: While only whole texts are compared: scales of phrasings and wholes, and "nothing".
        self.first_scales = nn.Parameter(torch.tensor([20.0, 20.0, 12.0]))
        self._tokenizer: Any = Tokenizer.from_str(start.tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        frame = self._tokenizer.encode("").ids
        self._before, self._after = frame[: len(frame) // 2], frame[len(frame) // 2 :]
        self._known: dict[str, list[int]] = {}
        # Dropout costs a quarter of the time on a processor, and a few passes do not overfit.
        for module in self.bert.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        self.bert.config.attention_probs_dropout_prob = 0.0

    def freeze(self) -> None:
        """Keep word vectors and the lowest layers as they are."""
        frozen = ("embeddings.", *(f"encoder.layer.{n}." for n in range(_FROZEN_LAYERS)))
        for name, parameter in self.bert.named_parameters():
            if name.startswith(frozen):
                parameter.requires_grad_(False)

    def ids(self, text: str) -> list[int]:
        """Token ids without the frame; remembered."""
        if text not in self._known:
            self._known[text] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return self._known[text]

    def read(self, texts: Sequence[str]) -> Read:
        """Read texts; of one that is too long, the middle is left out."""
        return self._read([(text, ()) for text in texts])

    def read_asks(self, asks: Sequence[Ask]) -> Read:
        """Read questions, each behind what was said before it."""
        return self._read([(ask.text, ask.history) for ask in asks])

    def _read(self, texts: Sequence[tuple[str, Sequence[str]]]) -> Read:
        room = TOKENS - len(self._before) - len(self._after)
        rows = []
        for text, before in texts:
            turns = [self.ids(turn) for turn in before]
            rows.append(in_context(self.ids(text), turns, self._after, room))
        return self.read_ids(rows)

    def read_ids(self, rows: Sequence[list[int]]) -> Read:
        """As :meth:`read`, from ids without the frame."""
        framed = [[*self._before, *row, *self._after] for row in rows]
        vectors: list[Any] = [None] * len(rows)
        hidden: list[Any] = [None] * len(rows)
        first, last = len(self._before), len(self._after)
        for numbers in by_length([len(row) for row in framed], _BATCH_TOKENS):
            states, mask = self._forward([framed[number] for number in numbers])
            pooled = (states * mask[..., None]).sum(1) / mask[..., None].sum(1)
            for row, number in enumerate(numbers):
                vectors[number] = functional.normalize(pooled[row], dim=-1)
                inner = states[row, first : len(framed[number]) - last]
                hidden[number] = inner if len(inner) else states[row, :1]
        return Read(torch.stack(vectors), hidden)

    def _forward(self, rows: Sequence[list[int]]) -> tuple[Any, Any]:
        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self.pad)
        mask = torch.zeros(len(rows), width)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
            mask[number, : len(row)] = 1
        return self.bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state, mask
