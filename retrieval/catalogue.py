"""All entries with what is needed to compare a message with them.

An entry has one vector for its question, one for each alternative and one for question and answer
together (what a product's name means often stands in the answer alone): with the multilingual
encoder always, with the English encoder where the entry is English.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from retrieval.arena import TokenArena
from retrieval.entry_vectors import LocalVectors, OpenVectors, Version
from retrieval.families import Families
from retrieval.lexical import LexicalIndex
from retrieval.text import terms
from retrieval.tokens import EntryReading
from retrieval.types import Encoder, Entry, Lang, Vectors
from retrieval.worded import LEAST, Worded
from retrieval.wording import wording_of

#: English texts are compared by the English encoder, all else by the multilingual one.
Space = Literal["en", "multi"]
#: So many entries' words and n-grams are kept; of others they are counted when they are compared.
WORDINGS = 20_000
#: As much of an answer as goes into the vector of the whole.
_ANSWER_CHARS = 240


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry and its digest."""

    entry: Entry
    digest: str


def prepare(entry: Entry) -> Prepared:
    """Take an entry's digest."""
    return Prepared(entry, digest_of(entry))


def digest_of(entry: Entry) -> str:
    """Hash of all that the index knows of an entry."""
    parts = (
        *(entry.id, str(entry.revision), entry.lang, entry.topic or "", entry.translation_of or ""),
        *(entry.question, *entry.alternatives, entry.answer),
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


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
    """The live entries and their indexes. Not locked: its owner serialises access.

    ``folder``: where a large base's token vectors may lie (:mod:`retrieval.arena`).
    ``open_vectors``: opens what keeps an encoder's vectors (:mod:`retrieval.entry_vectors`).
    """

    def __init__(
        self,
        encoders: Mapping[Space, Encoder],
        folder: Path | None = None,
        open_vectors: OpenVectors = LocalVectors.open,
    ) -> None:
        self.prepared: dict[str, Prepared] = {}
        #: Words and n-grams of an entry; those of the last 20,000 that were asked for are kept.
        self.wording = lru_cache(WORDINGS)(wording_of)
        self.lexical = LexicalIndex()
        self.vectors = {space: open_vectors(encoder) for space, encoder in encoders.items()}
        self.tokens = {space: TokenArena(folder) for space in encoders}
        #: What was learnt from entries with many phrasings, and whether that is out of date.
        self.worded: dict[Space, Worded | None] = {}
        self.worded_is_old = False
        self._families = Families()
        #: Entries with many phrasings, the newest last.
        self._worded_keys: dict[str, None] = {}

    def speaks_more_than(self, lang: Lang) -> bool:
        """Whether some answer exists in another language than ``lang`` alone."""
        return self._families.some_lack(lang)

    def put(self, items: Sequence[tuple[Prepared, Mapping[Space, EntryReading]]]) -> None:
        """Add or replace entries, with what each encoder that reads them makes of them.

        Where vectors or tokens cannot be kept (IndexUnavailable, OSError) the entries stay as they
        were, so that it can be tried again.
        """
        versions = {p.entry.id: Version(p.entry.revision, p.digest) for p, _ in items}
        for space, index in self.vectors.items():
            read = {p.entry.id: found[space] for p, found in items if space in found}
            index.drop(key for key in versions if key not in read)
            index.write({key: reading.vectors for key, reading in read.items()}, versions)
            self.tokens[space].update({key: reading.tokens for key, reading in read.items()})
        for prepared, found in items:
            entry = prepared.entry
            for space, tokens in self.tokens.items():
                if space not in found:
                    tokens.discard(entry.id)
            self._forget_family(self.prepared.get(entry.id))
            self._families.add(entry.translation_of or entry.id, entry.lang)
            self.prepared[entry.id] = prepared
            self._note_wording(entry, there=True)
            words = [w for text in texts_of(entry)[0] for w in terms(text)]
            self.lexical.add(entry.id, [*words, *words, *terms(entry.answer)])

    def remove(self, entry_ids: Iterable[str]) -> None:
        """Take entries out; unknown ids are passed over.

        Vectors go last: an entry whose vectors cannot be dropped is not found all the same.
        """
        entry_ids = list(entry_ids)
        for entry_id in entry_ids:
            item = self.prepared.pop(entry_id, None)
            if item is not None:
                self._forget_family(item)
                self._note_wording(item.entry, there=False)
                self.lexical.remove(entry_id)
            for tokens in self.tokens.values():
                tokens.discard(entry_id)
        for index in self.vectors.values():
            index.drop(entry_ids)

    def sweep(self, wanted: Iterable[Entry], digests: Mapping[str, str]) -> None:
        """Drop vectors that dead processes left over; ``wanted`` is all that the base holds."""
        versions = [(entry, Version(entry.revision, digests[entry.id])) for entry in wanted]
        for space, index in self.vectors.items():
            index.sweep({e.id: version for e, version in versions if space in spaces_of(e)})

    def expect(self, entries: Iterable[Entry]) -> None:
        """Be told of all entries that will be put, portion by portion; of none when that is
        done."""
        coming = list(entries)
        for space, index in self.vectors.items():
            index.expect(sum(vectors_of(entry) for entry in coming if space in spaces_of(entry)))

    def relieve(self) -> None:
        """Wait, where so much was added while a large index is built that searches suffer. To be
        called off the lock."""
        for index in self.vectors.values():
            if index.crowded:
                index.join()

    def many_phrasings(self) -> dict[Space, dict[str, Vectors]]:
        """The vectors of the phrasings of entries that have many, by the encoder that a message
        in the entry's own language is read by; the newest entry first."""
        keys: dict[Space, list[str]] = {space: [] for space in self.vectors}
        for key in reversed(self._worded_keys):
            keys["en" if self.prepared[key].entry.lang == "en" else "multi"].append(key)
        return {
            space: dict(zip(mine, (v[:-1] for v in self.vectors[space].vectors(mine)), strict=True))
            for space, mine in keys.items()
        }

    def _note_wording(self, entry: Entry, *, there: bool) -> None:
        many = there and vectors_of(entry) > LEAST
        if many or entry.id in self._worded_keys:
            self.worded_is_old = True
        if many:
            self._worded_keys[entry.id] = None
        else:
            self._worded_keys.pop(entry.id, None)

    def _forget_family(self, item: Prepared | None) -> None:
        if item is not None:
            self._families.remove(item.entry.translation_of or item.entry.id, item.entry.lang)

    def centre(self, space: Space) -> Vectors:
        """Mean vector of the questions: how near a message is to just anything here."""
        return self.vectors[space].centre

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
