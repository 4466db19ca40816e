"""Fitting the networks that correct the logit (:mod:`retrieval.network`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.choice_model import LANGS, Case, usable_of, weights_of
from retrieval.calibration import Calibration
from retrieval.network import WIDTH, Layer, Network, inputs_of

_HIDDEN, _DROPOUT = 16, 0.1
_EPOCHS, _BATCH, _RATE, _DECAY = 20, 256, 3e-3, 0.05
#: Networks that begin elsewhere, averaged.
_SEEDS = (1, 2, 3)
_NEVER = -1e9

Array = NDArray[np.float64]


def with_network(weights: Calibration, cases: Sequence[Case]) -> Calibration:
    """``weights`` with networks fitted on what they get wrong of ``cases``."""
    data = _Data.of(replace(weights, network=None), usable_of(cases))
    return replace(weights, network=_averaged([_fit(data, seed) for seed in _SEEDS], data))


@dataclass(frozen=True, slots=True)
class _Data:
    """All questions, padded to as many candidates: centred ``inputs``, ``utilities`` of the logit
    with "nothing answers" at the end, and which candidates are there and which right."""

    mean: Array
    scale: Array
    inputs: Any
    utilities: Any
    there: Any
    right: Any
    lang: Any
    weight: Any

    @classmethod
    def of(cls, weights: Calibration, cases: Sequence[Case]) -> _Data:
        judged = [weights.both(case.found, case.lang) for case in cases]
        made = [inputs_of(case.found) for case in cases]
        every = np.concatenate(made)
        mean, scale = every.mean(axis=0), every.std(axis=0)
        scale = np.where(scale > 1e-6, scale, 1e9)
        count, width = len(cases), max(map(len, made))
        inputs = np.zeros((count, width, WIDTH), dtype=np.float32)
        utilities = np.full((count, width + 1), _NEVER, dtype=np.float32)
        right = np.zeros((count, width + 1), dtype=bool)
        for number, (case, rows, both) in enumerate(zip(cases, made, judged, strict=True)):
            inputs[number, : len(rows)] = (rows - mean) / scale
            utilities[number, : len(rows)], utilities[number, -1] = both
            right[number, : len(rows)] = case.family == case.gold
            right[number, -1] = case.gold is None
        share = np.array(weights_of(cases), dtype=np.float32) * count
        return cls(
            mean, scale, torch.tensor(inputs), torch.tensor(utilities),
            torch.tensor(utilities[:, :-1] > _NEVER), torch.tensor(right),
            torch.tensor([float(LANGS.index(case.lang)) for case in cases]), torch.tensor(share),
        )  # fmt: skip


class _Correction(torch.nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(1.0))
        self.entry, self.none = _layer(WIDTH), _layer(WIDTH + 1)

    def forward(self, data: _Data, some: Any) -> Any:
        """Utilities of the candidates and, at the end, of "nothing answers"."""
        inputs, there = data.inputs[some], data.there[some]
        utilities = self.factor * data.utilities[some]
        entries = utilities[:, :-1] + self.entry(inputs)[..., 0]
        entries = entries.masked_fill(~there, _NEVER)
        leads = inputs[torch.arange(len(some)), entries.argmax(1)]
        outside = self.none(torch.cat([leads, data.lang[some, None]], 1))
        return torch.cat([entries, utilities[:, -1:] + outside], 1)


def _layer(width: int) -> Any:
    """One that changes nothing yet."""
    out = torch.nn.Linear(_HIDDEN, 1)
    torch.nn.init.zeros_(out.weight)
    torch.nn.init.zeros_(out.bias)
    hidden = torch.nn.Linear(width, _HIDDEN)
    return torch.nn.Sequential(hidden, torch.nn.Tanh(), torch.nn.Dropout(_DROPOUT), out)


def _fit(data: _Data, seed: int) -> _Correction:
    """Weighted maximum likelihood by AdamW (Loshchilov & Hutter 2019), the rate by a cosine."""
    torch.manual_seed(seed)
    model = _Correction()
    optimiser = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _EPOCHS)
    for _ in range(_EPOCHS):
        for some in torch.randperm(len(data.weight)).split(_BATCH):
            utilities = model(data, some)
            right = utilities.masked_fill(~data.right[some], _NEVER).logsumexp(1)
            loss = (data.weight[some] * (utilities.logsumexp(1) - right)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
    return model


def _averaged(models: Sequence[_Correction], data: _Data) -> Network:
    """Networks side by side are one with as many hidden units, and a share of what each says."""

    def together(name: str) -> Layer:
        parts = [getattr(model, name) for model in models]
        hidden = [np.hstack([_array(p[0].weight), _array(p[0].bias)[:, None]]) for p in parts]
        out = [_array(p[-1].weight)[0] / len(parts) for p in parts]
        bias = float(np.mean([float(p[-1].bias.detach()[0]) for p in parts]))
        return Layer(np.vstack(hidden), np.append(np.concatenate(out), bias))

    factor = float(np.mean([float(model.factor.detach()) for model in models]))
    return Network(data.mean, data.scale, factor, together("entry"), together("none"))


def _array(tensor: Any) -> Array:
    result: Array = tensor.detach().numpy().astype(np.float64)
    return result
