"""The token vectors of entries, compared with a message's: late interaction.

Every token of the message looks for its like in the entry, and every token of the entry's question
in the message (ColBERT's max-sim, Khattab & Zaharia 2020, in both directions, with learned
weights). A word of the message that nothing in the entry answers to is what tells a near miss from
the right entry; one vector for a whole text cannot show it.

Kept at eight bits a number: about 10 kB an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from retrieval.types import Reading, Vectors

Bytes = NDArray[np.int8]
Row = NDArray[np.float64]
_SCALE = 127.0


@dataclass(frozen=True, slots=True)
class EntryTokens:
    """``all`` (n, token_dim): tokens of question and answer and of the alternatives; ``asked``
    (m, token_dim) with ``weights`` (m,): those of the question alone."""

    all: Bytes
    asked: Bytes
    weights: Vectors


@dataclass(frozen=True, slots=True)
class EntryReading:
    """All that one encoder makes of an entry: ``vectors`` (k, dim) of its question, of each
    alternative and, last, of question and answer in one; and its tokens."""

    vectors: Vectors
    tokens: EntryTokens


def packed(vectors: Vectors) -> Bytes:
    """Vectors of length 1 at eight bits."""
    result: Bytes = np.clip(np.rint(vectors * _SCALE), -127, 127).astype(np.int8)
    return result


def unpacked(rows: Bytes) -> Vectors:
    """What :func:`packed` was given, but for rounding."""
    result: Vectors = rows.astype(np.float32) / np.float32(_SCALE)
    return result


def entry_reading(phrasings: Sequence[Reading], whole: Reading) -> EntryReading:
    """What is kept of the readings of an entry's texts, the question first."""
    question, *alternatives = phrasings
    every = np.concatenate([whole.tokens, *(one.tokens for one in alternatives)])
    vectors = np.stack([*(one.vector for one in phrasings), whole.vector])
    tokens = EntryTokens(packed(every), packed(question.tokens), question.weights)
    return EntryReading(vectors, tokens)


def interact(message: Reading, entries: Sequence[EntryTokens]) -> Row:
    """One row an entry: how well the message's tokens find their like in it, how well those of
    its question find theirs in the message, and how far the message's worst are from any (the
    weighted mean of squares)."""
    if not entries:
        return np.zeros((0, 3))
    found = np.empty((len(entries), 3))
    best = _best(message.tokens, [entry.all for entry in entries])
    found[:, 0] = message.weights @ best
    found[:, 2] = message.weights @ np.square(np.maximum(0.0, 1.0 - best))
    asked = unpacked(np.concatenate([entry.asked for entry in entries]))
    likest = (asked @ message.tokens.T).max(axis=1)
    likest *= np.concatenate([entry.weights for entry in entries])
    found[:, 1] = np.add.reduceat(likest, _starts([entry.asked for entry in entries]))
    return found


def _best(tokens: Vectors, blocks: Sequence[Bytes]) -> Vectors:
    """The greatest similarity of each token with each block, ``(tokens, blocks)``."""
    similarity = tokens @ unpacked(np.concatenate(blocks)).T
    result: Vectors = np.maximum.reduceat(similarity, _starts(blocks), axis=1)
    return result


def _starts(blocks: Sequence[Bytes]) -> list[int]:
    return [0, *accumulate(len(block) for block in blocks[:-1])]
