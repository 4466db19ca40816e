"""An entry's words and character n-grams, counted: what :mod:`retrieval.features` compares."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from retrieval.text import char_ngrams, content_words
from retrieval.types import Entry


@dataclass(frozen=True, slots=True)
class Wording:
    """``phrasings`` are the content words of the question and of each alternative,
    ``phrasing_words`` those of all of them; ``grams`` the n-grams of each with their length."""

    phrasings: tuple[frozenset[str], ...]
    answer_words: frozenset[str]
    grams: tuple[tuple[Counter[str], float], ...]
    phrasing_words: frozenset[str]


def wording_of(entry: Entry) -> Wording:
    """Count an entry's words and n-grams: a quarter of a millisecond, and 9 kB."""
    phrasings = (entry.question, *entry.alternatives)
    words = tuple(frozenset(content_words(text)) for text in phrasings)
    grams = tuple(char_ngrams(text) for text in phrasings)
    return Wording(
        phrasings=words,
        answer_words=frozenset(content_words(entry.answer)),
        grams=tuple((g, math.sqrt(sum(n * n for n in g.values()))) for g in grams),
        phrasing_words=frozenset().union(*words),
    )
