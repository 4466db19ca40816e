"""What is learnt: every question against the whole base that it was asked of.

A softmax over all entries of a base and "nothing answers" (InfoNCE, van den Oord et al. 2018, with
the base's own neighbours as negatives in place of a random batch): the neighbours are what a
question must be told apart from. First the vectors of whole texts alone, then with every token of
both sides (late interaction, as :func:`retrieval.tokens.interact` computes it where it is served).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from retrieval.catalogue import texts_of
from retrieval.training.reader import Read, Reader
from retrieval.training.worlds import Ask
from retrieval.types import Entry

#: An uncovered question weighs less: for one vector it is hopeless, for tokens it is hard.
_UNCOVERED_FIRST, _UNCOVERED = 0.3, 0.6
#: How much it counts besides that the right entry stands first, whether or not any is believed.
_ORDER = 0.3


class Base:
    """A base as the reader sees it at this step."""

    def __init__(self, reader: Reader, entries: Sequence[Entry]) -> None:
        texts = [texts_of(entry) for entry in entries]
        self.entries = entries
        self.owner = torch.tensor([n for n, (phrasings, _) in enumerate(texts) for _ in phrasings])
        self.phrasings = reader.read([text for phrasings, _ in texts for text in phrasings])
        self.wholes = reader.read([whole for _, whole in texts])

    def first_of(self, number: int) -> int:
        """Which phrasing is the question of entry ``number``."""
        return int((self.owner == number).nonzero()[0])

    def tokens(self) -> list[Any]:
        """States of the tokens of each entry: question and answer, and the alternatives."""
        found = [[states] for states in self.wholes.hidden]
        questions = {self.first_of(number) for number in range(len(self.entries))}
        for number, states in enumerate(self.phrasings.hidden):
            if number not in questions:
                found[int(self.owner[number])].append(states)
        return [torch.cat(states) for states in found]

    def questions(self) -> list[Any]:
        """States of the tokens of each entry's question."""
        return [self.phrasings.hidden[self.first_of(n)] for n in range(len(self.entries))]


def embedding_loss(reader: Reader, entries: Sequence[Entry], asks: Sequence[Ask]) -> Any:
    """Cross entropy of the phrasings' cosines, of the wholes', and of their mean."""
    best, whole = _cosines(Base(reader, entries), reader.read_asks(asks))
    target = _target(entries, asks)
    none = reader.first_scales[2].expand(len(asks), 1)
    total = torch.zeros(())
    phrased, wholes = reader.first_scales[0], reader.first_scales[1]
    for logits in (best * phrased, whole * wholes, (best + whole) * (phrased + wholes) / 4):
        total = total + _entropy(torch.cat([logits, none], 1), target, _UNCOVERED_FIRST)
    return total


def interaction_loss(reader: Reader, entries: Sequence[Entry], asks: Sequence[Ask]) -> Any:
    """Cross entropy of the score that all parts make together."""
    base, read = Base(reader, entries), reader.read_asks(asks)
    best, whole = _cosines(base, read)
    met, unmet, asked = _interact(reader, base, read)
    parts = torch.stack([best, whole, met, asked, -unmet])
    logits = (parts * reader.scales[:, None, None]).sum(0)
    target = _target(entries, asks)
    loss = _entropy(torch.cat([logits, reader.none(read.vectors)], 1), target, _UNCOVERED)
    order = -(target[:, :-1] * functional.log_softmax(logits, dim=1)).sum() / len(asks)
    return loss + _ORDER * order


def _cosines(base: Base, read: Read) -> tuple[Any, Any]:
    each = read.vectors @ base.phrasings.vectors.T
    best = torch.full((len(each), len(base.entries)), -2.0)
    best = best.scatter_reduce(1, base.owner.expand(len(each), -1), each, "amax")
    return best, read.vectors @ base.wholes.vectors.T


def _interact(reader: Reader, base: Base, read: Read) -> tuple[Any, Any, Any]:
    """How well a message's tokens are met, how ill the worst, and how well the question's are."""
    message, own = _padded(read.hidden)
    entry, there = _padded(base.tokens())
    question, asked = _padded(base.questions())
    best = _likest(reader, message, entry, there)
    weights = _shares(reader.message, message, own)
    met = (best * weights[..., None]).sum(1)
    unmet = ((1 - best).clamp(min=0) ** 2 * weights[..., None]).sum(1)
    back = _likest(reader, question, message, own)
    shares = _shares(reader.entry, question, asked)
    return met, unmet, (back * shares[..., None]).sum(1).T


def _likest(reader: Reader, mine: Any, others: Any, there: Any) -> Any:
    """The greatest similarity of each token with each of the others: ``(mine, tokens, others)``."""
    left = functional.normalize(reader.projection(mine), dim=-1)
    right = functional.normalize(reader.projection(others), dim=-1)
    similarity = left.flatten(0, 1) @ right.flatten(0, 1).T
    shaped = similarity.reshape(*left.shape[:2], *right.shape[:2])
    return shaped.masked_fill(~there[None, None], -1.0).amax(3)


def _shares(head: Any, states: Any, there: Any) -> Any:
    weights = functional.softplus(head(states)[..., 0]) * there
    return weights / weights.sum(1, keepdim=True)


def _padded(rows: Sequence[Any]) -> tuple[Any, Any]:
    width = max(len(row) for row in rows)
    states = rows[0].new_zeros(len(rows), width, rows[0].shape[1])
    there = torch.zeros(len(rows), width, dtype=torch.bool)
    for number, row in enumerate(rows):
        states[number, : len(row)] = row
        there[number, : len(row)] = True
    return states, there


def _target(entries: Sequence[Entry], asks: Sequence[Ask]) -> Any:
    place = {entry.id: number for number, entry in enumerate(entries)}
    target = torch.zeros(len(asks), len(entries) + 1)
    for row, ask in enumerate(asks):
        gold = [place[key] for key in ask.gold if key in place] or [len(entries)]
        target[row, gold] = 1 / len(gold)
    return target


def _entropy(logits: Any, target: Any, uncovered: float) -> Any:
    each = -(target * functional.log_softmax(logits, dim=1)).sum(1)
    weight = torch.where(target[:, -1] < 1, 1.0, uncovered)
    return (each * weight).sum() / weight.sum()
