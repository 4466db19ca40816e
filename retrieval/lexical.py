"""BM25 over live entries: an inverted index in plain dictionaries.

Okapi BM25 (Robertson & Zaragoza 2009, with the +1 inside the logarithm that keeps weights
positive). An edit touches the postings of one entry only; nothing is rebuilt.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable

_K1 = 1.2
_B = 0.5
_CROWD_FROM = 2_000
_CROWD_SHARE = 0.125


class LexicalIndex:
    """Documents of terms under a key; scores are sums of BM25 weights."""

    def __init__(self) -> None:
        self._postings: dict[str, dict[str, int]] = {}
        self._documents: dict[str, Counter[str]] = {}
        self._lengths: dict[str, int] = {}
        self._total = 0

    def __len__(self) -> int:
        return len(self._documents)

    def add(self, key: str, words: Iterable[str]) -> None:
        """Add or replace the document ``key``."""
        self.remove(key)
        counts = Counter(words)
        self._documents[key] = counts
        self._lengths[key] = counts.total()
        self._total += counts.total()
        for word, count in counts.items():
            self._postings.setdefault(word, {})[key] = count

    def remove(self, key: str) -> None:
        """Forget the document ``key``; nothing happens where there is none."""
        counts = self._documents.pop(key, None)
        if counts is None:
            return
        self._total -= self._lengths.pop(key)
        for word in counts:
            postings = self._postings[word]
            del postings[key]
            if not postings:
                del self._postings[word]

    def idf(self, word: str) -> float:
        """Inverse document frequency; for a word that no document has, the highest there is."""
        have = len(self._postings.get(word, ()))
        return math.log(1 + (len(self._documents) - have + 0.5) / (have + 0.5))

    def search(self, words: Iterable[str], limit: int) -> list[tuple[str, float]]:
        """The best documents with their scores, best first."""
        scores = self.scores(words)
        return heapq.nsmallest(limit, scores.items(), key=lambda item: (-item[1], item[0]))

    def scores(self, words: Iterable[str]) -> dict[str, float]:
        """The score of every document that holds one of ``words``.

        In a large index a word that every eighth document holds is passed over: it says little,
        and its postings would take most of the time.
        """
        scores: dict[str, float] = {}
        crowd = max(_CROWD_FROM, len(self._documents) * _CROWD_SHARE)
        mean = self._total / len(self._documents) if self._documents else 1.0
        for word in set(words):
            postings = self._postings.get(word)
            if not postings or len(postings) > crowd:
                continue
            weight = self.idf(word) * (_K1 + 1)
            for key, count in postings.items():
                length = 1 - _B + _B * self._lengths[key] / mean
                scores[key] = scores.get(key, 0.0) + weight * count / (count + _K1 * length)
        return scores

    def best_possible(self, words: Iterable[str]) -> float:
        """What a document would score that holds every one of ``words`` in plenty."""
        return sum(self.idf(word) * (_K1 + 1) for word in set(words))
