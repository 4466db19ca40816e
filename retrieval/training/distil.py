"""A small multilingual reader from a large one: half the layers, the same vectors.

The student begins as every other layer of its teacher (DistilBERT, Sanh et al. 2019) and learns
its pooled vectors, its token vectors, and how texts lie to each other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional

from retrieval.training.reader import Reader

_TOKENS, _LONGEST = 1500, 48
_RATE = 4e-4
_PREFIX = "query:"


def distil(
    teacher: Reader,
    student: Reader,
    texts: Sequence[str],
    seed: int,
    report: Callable[[int, int], None],
) -> None:
    """One pass over ``texts``; the teacher reads them after its prefix, the student without."""
    rng = random.Random(seed)  # noqa: S311 - an order of texts
    # A text that is nothing to the tokenizer has no token to compare.
    rows = [ids for ids in map(student.ids, texts) if 0 < len(ids) <= _LONGEST - 2]
    batches = _batches(rows, rng)
    optimiser = torch.optim.AdamW(student.bert.parameters(), lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / 40) * max(0.02, 1 - step / len(batches))
    )
    prefix = student.ids(_PREFIX)
    teacher.eval()
    student.train()
    for step, batch in enumerate(batches, start=1):
        with torch.no_grad():
            wanted, wanted_tokens = _read(teacher, [[*prefix, *row] for row in batch], len(prefix))
        found, tokens = _read(student, batch, 0)
        pooled = (1 - (found * wanted).sum(-1)).mean()
        each = 1 - functional.cosine_similarity(tokens, wanted_tokens, dim=-1)
        relations = functional.mse_loss(found @ found.T, wanted @ wanted.T)
        total = 10 * pooled + 2 * each.mean() + 100 * relations
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(student.bert.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        report(step, len(batches))


def _read(reader: Reader, rows: Sequence[list[int]], skip: int) -> tuple[Any, Any]:
    """Pooled vectors of rows, and the states of all their tokens after the first ``skip``."""
    read = reader.read_ids(rows)
    return read.vectors, torch.cat([states[skip:] for states in read.hidden])


def _batches(rows: list[list[int]], rng: random.Random) -> list[list[list[int]]]:
    rng.shuffle(rows)
    made = []
    for start in range(0, len(rows), 2000):
        window = sorted(rows[start : start + 2000], key=len)
        while window:
            count = max(1, min(len(window), _TOKENS // (len(window[0]) + 2)))
            made.append(window[:count])
            window = window[count:]
    rng.shuffle(made)
    return made
