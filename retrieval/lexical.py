"""BM25 over live entries: an inverted index of packed postings.

Okapi BM25 (Robertson & Zaragoza 2009, with the +1 inside the logarithm that keeps weights
positive). An edit touches the postings of one entry only; nothing is rebuilt. A document has a
number that is never used twice, so postings stay in order by appending; those of removed documents
are passed over, and cleared away word by word when they are half of a word's.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.columns import Column

_K1 = 1.2
_B = 0.5
_CROWD_FROM = 2_000
_CROWD_SHARE = 0.125
#: A search adds up so many postings, those of the rarest words; of words that are left over only
#: what they add to the best documents so far (the non-essential lists of MaxScore, Turtle & Flood
#: 1995). No base of less than 16,000 entries has more for a message of thirty words.
_MOST_POSTINGS = 60_000
_PROBED = 512
_MOST_COUNT = 65_535
_CLEAR_FROM = 64

Numbers = NDArray[np.int32]
Scores = NDArray[np.float64]


class _Word:
    """Postings of one word: numbers of documents, ascending, how often each holds it, and how
    many of them are still there."""

    __slots__ = ("counts", "documents", "live")

    def __init__(self) -> None:
        self.documents = array("i")
        self.counts = array("H")
        self.live = 0

    def append(self, document: int, count: int) -> None:
        self.documents.append(document)
        self.counts.append(min(count, _MOST_COUNT))
        self.live += 1

    def arrays(self) -> tuple[Numbers, NDArray[np.uint16]]:
        """Views; an array cannot grow while there is one."""
        return np.frombuffer(self.documents, np.int32), np.frombuffer(self.counts, np.uint16)

    def drop_one(self, alive: NDArray[np.bool_]) -> None:
        """One of the documents is gone: count it off, and clear away where half are."""
        self.live -= 1
        if len(self.documents) < max(_CLEAR_FROM, 2 * self.live):
            return
        documents, counts = self.arrays()
        kept = alive[documents]
        left = documents[kept].tobytes(), counts[kept].tobytes()
        self.documents, self.counts = array("i"), array("H")
        self.documents.frombytes(left[0])
        self.counts.frombytes(left[1])


class LexicalIndex:
    """Documents of terms under a key; scores are sums of BM25 weights. Not locked."""

    def __init__(self) -> None:
        self._vocabulary: dict[str, int] = {}
        self._words: list[_Word] = []
        self._numbers: dict[str, int] = {}
        self._keys: list[str] = []
        self._held: list[array[int] | None] = []
        self._lengths = Column(np.int32)
        self._alive = Column(np.bool_)
        self._sums = Column(np.float64)
        self._total = 0

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, key: str, words: Iterable[str]) -> None:
        """Add or replace the document ``key``."""
        self.remove(key)
        counts = Counter(words)
        number = self._numbers[key] = len(self._keys)
        held = array("i")
        for word, count in counts.items():
            place = self._vocabulary.setdefault(word, len(self._words))
            if place == len(self._words):
                self._words.append(_Word())
            self._words[place].append(number, count)
            held.append(place)
        self._keys.append(key)
        self._held.append(held)
        self._lengths.append(counts.total())
        self._alive.append(True)
        self._sums.append(0.0)
        self._total += counts.total()

    def remove(self, key: str) -> None:
        """Forget the document ``key``; nothing happens where there is none."""
        number = self._numbers.pop(key, None)
        if number is None:
            return
        alive = self._alive.values
        alive[number] = False
        self._total -= int(self._lengths.values[number])
        for place in self._held[number] or ():
            self._words[place].drop_one(alive)
        self._held[number] = None
        self._keys[number] = ""

    def idf(self, word: str) -> float:
        """Inverse document frequency; for a word that no document has, the highest there is."""
        place = self._vocabulary.get(word)
        have = 0 if place is None else self._words[place].live
        return math.log(1 + (len(self._numbers) - have + 0.5) / (have + 0.5))

    def search(self, words: Iterable[str], limit: int) -> list[tuple[str, float]]:
        """The best documents with their scores, best first.

        In a large index a word that every eighth document holds is passed over: it says little,
        and its postings would take most of the time.
        """
        chosen = self._chosen(words)
        total = 0
        essential = 0
        for word, _ in chosen:
            total += len(word.documents)
            essential += essential == 0 or total <= _MOST_POSTINGS
        sums = self._sums.values
        touched = [self._add_up(sums, *one) for one in chosen[:essential]]
        found = np.concatenate(touched) if touched else np.empty(0, dtype=np.int32)
        scores = sums[found]
        sums[found] = 0.0
        alive = self._alive.values[found]
        kept = limit if len(chosen) == essential else max(limit, _PROBED)
        found, scores = _best(found[alive], scores[alive], kept * max(1, len(touched)))
        if len(chosen) > essential:
            found, scores = _best(found, scores, kept)
            for word, weight in chosen[essential:]:
                scores += self._probe(word, weight, found)
        order = np.argsort(-scores, kind="stable").tolist()
        named = [(self._keys[found[n]], float(scores[n])) for n in order]
        return sorted(named, key=lambda item: (-item[1], item[0]))[:limit]

    def score(self, words: Iterable[str], keys: Sequence[str]) -> list[float]:
        """What :meth:`search` gives each of the documents, one after the other; 0 for unknown."""
        numbers = np.array([self._numbers.get(key, -1) for key in keys], dtype=np.int32)
        scores = np.zeros(len(keys))
        for word, weight in self._chosen(words):
            scores += self._probe(word, weight, numbers)
        found: list[float] = scores.tolist()
        return found

    def best_possible(self, words: Iterable[str]) -> float:
        """What a document would score that holds every one of ``words`` in plenty."""
        return sum(self.idf(word) * (_K1 + 1) for word in set(words))

    def _chosen(self, words: Iterable[str]) -> list[tuple[_Word, float]]:
        """The words that count, the rarest first, with their weights."""
        crowd = max(_CROWD_FROM, len(self._numbers) * _CROWD_SHARE)
        found = []
        for word in dict.fromkeys(words):
            place = self._vocabulary.get(word)
            if place is not None and 0 < self._words[place].live <= crowd:
                found.append((self._words[place], self.idf(word) * (_K1 + 1)))
        return sorted(found, key=lambda one: len(one[0].documents))

    def _add_up(self, sums: Scores, word: _Word, weight: float) -> Numbers:
        documents, counts = word.arrays()
        sums[documents] += self._weighed(documents, counts, weight)
        return documents.copy()

    def _probe(self, word: _Word, weight: float, numbers: Numbers) -> Scores:
        """What the word adds to the score of each document."""
        documents, counts = word.arrays()
        places = np.minimum(np.searchsorted(documents, numbers), len(documents) - 1)
        held = documents[places] == numbers
        return np.where(held, self._weighed(numbers, counts[places], weight), 0.0)

    def _weighed(self, documents: Numbers, counts: NDArray[Any], weight: float) -> Scores:
        mean = self._total / len(self._numbers)
        length = (1 - _B) + _B * self._lengths.values[documents] / mean
        result: Scores = weight * counts / (counts + _K1 * length)
        return result


def _best(numbers: Numbers, scores: Scores, limit: int) -> tuple[Numbers, Scores]:
    """The distinct numbers whose score is among the ``limit`` highest, with all that tie."""
    if len(scores) > limit:
        least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        kept = scores >= least
        numbers, scores = numbers[kept], scores[kept]
    numbers, firsts = np.unique(numbers, return_index=True)
    return numbers, scores[firsts]
