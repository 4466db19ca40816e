"""All entries with what is needed to compare a message with them.

An entry has one vector for its question, one for each alternative and one for its answer: with
the multilingual encoder always, with the English encoder where the entry is English.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.lexical import LexicalIndex
from retrieval.text import char_ngrams, content_words, terms
from retrieval.types import Encoder, Entry, Vectors
from retrieval.vectors import VectorIndex


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry with its words and n-grams counted once.

    ``phrasings`` are the content words of the question and of each alternative,
    ``phrasing_words`` those of all of them.
    """

    entry: Entry
    digest: str
    phrasings: tuple[frozenset[str], ...]
    answer_words: frozenset[str]
    grams: tuple[tuple[Counter[str], float], ...]
    phrasing_words: frozenset[str]


def prepare(entry: Entry) -> Prepared:
    """Count an entry's words and n-grams."""
    phrasings = (entry.question, *entry.alternatives)
    words = tuple(frozenset(content_words(text)) for text in phrasings)
    grams = tuple(char_ngrams(text) for text in phrasings)
    return Prepared(
        entry=entry,
        digest=digest_of(entry),
        phrasings=words,
        answer_words=frozenset(content_words(entry.answer)),
        grams=tuple((g, math.sqrt(sum(n * n for n in g.values()))) for g in grams),
        phrasing_words=frozenset().union(*words),
    )


def digest_of(entry: Entry) -> str:
    """Hash of all that the index knows of an entry."""
    parts = (
        *(entry.id, str(entry.revision), entry.lang, entry.topic or "", entry.translation_of or ""),
        *(entry.question, *entry.alternatives, entry.answer),
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def texts_of(entry: Entry) -> tuple[list[str], list[str]]:
    """The texts that get vectors: phrasings (encoded as queries) and answers (as passages)."""
    return [entry.question, *entry.alternatives], [entry.answer]


class Catalogue:
    """The live entries and their indexes. Not locked: its owner serialises access."""

    def __init__(self, encoder_en: Encoder, encoder_multi: Encoder) -> None:
        self.prepared: dict[str, Prepared] = {}
        self.lexical = LexicalIndex()
        self.en = VectorIndex(encoder_en.dim)
        self.multi = VectorIndex(encoder_multi.dim)
        self._centres: dict[str, Vectors] | None = None

    def put(self, items: Sequence[tuple[Prepared, Vectors | None, Vectors]]) -> None:
        """Add or replace entries with their (English, multilingual) vectors."""
        for prepared, _, _ in items:
            entry = prepared.entry
            self.prepared[entry.id] = prepared
            words = [w for text in texts_of(entry)[0] for w in terms(text)]
            self.lexical.add(entry.id, [*words, *words, *terms(entry.answer)])
        self.multi.put_many({p.entry.id: multi for p, _, multi in items})
        english = {p.entry.id: en for p, en, _ in items if en is not None}
        for prepared, en, _ in items:
            if en is None:
                self.en.remove(prepared.entry.id)
        self.en.put_many(english)
        self._centres = None

    def remove(self, entry_ids: Iterable[str]) -> None:
        """Take entries out; unknown ids are passed over."""
        for entry_id in entry_ids:
            if self.prepared.pop(entry_id, None) is not None:
                self.lexical.remove(entry_id)
                self.en.remove(entry_id)
                self.multi.remove(entry_id)
        self._centres = None

    def centres(self) -> Mapping[str, Vectors]:
        """Mean vector of the questions by encoder: how near a message is to just anything here."""
        if self._centres is None:
            self._centres = {
                name: _centre(index) for name, index in (("en", self.en), ("multi", self.multi))
            }
        return self._centres

    def expected_vectors(self, entry_id: str) -> tuple[int, int]:
        """How many vectors the entry must have in the English and the multilingual index."""
        entry = self.prepared[entry_id].entry
        count = 2 + len(entry.alternatives)
        return (count if entry.lang == "en" else 0), count


_CENTRE_SAMPLE = 512


def _centre(index: VectorIndex) -> Vectors:
    keys = sorted(index.keys())
    step = max(1, len(keys) // _CENTRE_SAMPLE)
    first = [group[0] for group in index.vectors(keys[::step]) if len(group)]
    if not first:
        return np.zeros(index.dim, dtype=np.float32)
    centre: Vectors = np.mean(first, axis=0, dtype=np.float32)
    return centre
