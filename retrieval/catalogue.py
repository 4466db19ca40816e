"""All entries with what is needed to compare a message with them.

An entry has one vector for its question, one for each alternative and one for question and answer
together (what a product's name means often stands in the answer alone): with the multilingual
encoder always, with the English encoder where the entry is English.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.entry_vectors import LocalVectors, OpenVectors, Version
from retrieval.lexical import LexicalIndex
from retrieval.text import char_ngrams, content_words, terms
from retrieval.tokens import EntryReading, EntryTokens
from retrieval.types import Encoder, Entry, Lang, Vectors
from retrieval.worded import LEAST, Worded

#: English texts are compared by the English encoder, all else by the multilingual one.
Space = Literal["en", "multi"]
#: As much of an answer as goes into the vector of the whole.
_ANSWER_CHARS = 240


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


def version_of(entry: Entry) -> Version:
    """Which state of an entry its vectors are made of."""
    return Version(entry.revision, digest_of(entry))


def texts_of(entry: Entry) -> tuple[list[str], str]:
    """The texts that are read: the phrasings, the question first, and question with answer."""
    whole = f"{entry.question} {entry.answer[:_ANSWER_CHARS]}"
    return [entry.question, *entry.alternatives], whole


def vectors_of(entry: Entry) -> int:
    """How many vectors an encoder keeps of the entry."""
    return 2 + len(entry.alternatives)


def spaces_of(entry: Entry) -> tuple[Space, ...]:
    """Which encoders read the entry."""
    return ("en", "multi") if entry.lang == "en" else ("multi",)


class Catalogue:
    """The live entries and their indexes. Not locked: its owner serialises access."""

    def __init__(
        self, encoders: Mapping[Space, Encoder], open_vectors: OpenVectors = LocalVectors.open
    ) -> None:
        self.prepared: dict[str, Prepared] = {}
        self.lexical = LexicalIndex()
        self.vectors = {space: open_vectors(encoder) for space, encoder in encoders.items()}
        self.tokens: dict[Space, dict[str, EntryTokens]] = {space: {} for space in encoders}
        #: What was learnt from entries with many phrasings, and whether that is out of date.
        self.worded: dict[Space, Worded | None] = {}
        self.worded_is_old = False
        self._centres: dict[Space, Vectors] | None = None
        self._foreign: dict[Lang, bool] | None = None

    def speaks_more_than(self, lang: Lang) -> bool:
        """Whether some answer exists in another language than ``lang`` alone."""
        if self._foreign is None:
            self._foreign = self._count_foreign()
        return self._foreign[lang]

    def _count_foreign(self) -> dict[Lang, bool]:
        families: dict[str, set[Lang]] = {}
        for key, item in self.prepared.items():
            families.setdefault(item.entry.translation_of or key, set()).add(item.entry.lang)
        return {
            "en": any("en" not in langs for langs in families.values()),
            "zh": any("zh" not in langs for langs in families.values()),
        }

    def put(self, items: Sequence[tuple[Prepared, Mapping[Space, EntryReading]]]) -> None:
        """Add or replace entries, with what each encoder that reads them makes of them.

        Where vectors cannot be written nothing else is changed, so that it can be tried again.
        """
        versions = {p.entry.id: version_of(p.entry) for p, _ in items}
        for space, index in self.vectors.items():
            read = {p.entry.id: found[space].vectors for p, found in items if space in found}
            index.drop(key for key in versions if key not in read)
            index.write(read, versions)
        for prepared, found in items:
            entry = prepared.entry
            self.prepared[entry.id] = prepared
            words = [w for text in texts_of(entry)[0] for w in terms(text)]
            self.lexical.add(entry.id, [*words, *words, *terms(entry.answer)])
            for space, tokens in self.tokens.items():
                if space in found:
                    tokens[entry.id] = found[space].tokens
                else:
                    tokens.pop(entry.id, None)
        self._note_wording(prepared.entry for prepared, _ in items)
        self._centres = self._foreign = None

    def remove(self, entry_ids: Iterable[str]) -> None:
        """Take entries out; unknown ids are passed over.

        Vectors go last: an entry whose vectors cannot be dropped is not found all the same.
        """
        entry_ids = list(entry_ids)
        for entry_id in entry_ids:
            item = self.prepared.pop(entry_id, None)
            if item is not None:
                self._note_wording([item.entry])
                self.lexical.remove(entry_id)
                for tokens in self.tokens.values():
                    tokens.pop(entry_id, None)
        self._centres = self._foreign = None
        for index in self.vectors.values():
            index.drop(entry_ids)

    def sweep(self, wanted: Iterable[Entry]) -> None:
        """Drop vectors that dead processes left over; ``wanted`` is all that the base holds."""
        entries = list(wanted)
        for space, index in self.vectors.items():
            index.sweep({e.id: version_of(e) for e in entries if space in spaces_of(e)})

    def many_phrasings(self) -> dict[Space, dict[str, Vectors]]:
        """The vectors of the phrasings of entries that have many, by the encoder that a message
        in the entry's own language is read by; the newest entry first."""
        keys: dict[Space, list[str]] = {space: [] for space in self.vectors}
        for key, item in reversed(self.prepared.items()):
            if vectors_of(item.entry) > LEAST:
                keys["en" if item.entry.lang == "en" else "multi"].append(key)
        return {
            space: dict(zip(mine, (v[:-1] for v in self.vectors[space].vectors(mine)), strict=True))
            for space, mine in keys.items()
        }

    def _note_wording(self, entries: Iterable[Entry]) -> None:
        if any(vectors_of(entry) > LEAST for entry in entries):
            self.worded_is_old = True

    def centres(self) -> Mapping[Space, Vectors]:
        """Mean vector of the questions by encoder: how near a message is to just anything here."""
        if self._centres is None:
            self._centres = {space: index.centre for space, index in self.vectors.items()}
        return self._centres

    def reading(self, space: Space, entry_ids: Sequence[str]) -> list[EntryReading]:
        """What an encoder made of each entry."""
        vectors = self.vectors[space].vectors(entry_ids)
        return [
            EntryReading(rows, self.tokens[space][key])
            for key, rows in zip(entry_ids, vectors, strict=True)
        ]

    def incomplete(self) -> list[str]:
        """Entries of which an index holds more or less than it should, and keys that it should
        not hold at all."""
        found = []
        for space, index in self.vectors.items():
            counts = index.keys()
            for key in counts.keys() | self.tokens[space].keys() | self.prepared.keys():
                item = self.prepared.get(key)
                wanted = vectors_of(item.entry) if item and space in spaces_of(item.entry) else 0
                if counts.get(key, 0) != wanted or (key in self.tokens[space]) != bool(wanted):
                    found.append(key)
        return found
