"""The published entries in memory, as responders look them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from retrieval.types import Entry


@dataclass(frozen=True, slots=True)
class BookEntry:
    """A published entry, and since when it reads as it does."""

    entry: Entry
    since: datetime | None


class EntryBook:
    """Entries by id, kept in step with the index by :mod:`web.indexing`.

    Reading needs no lock: every change puts a new mapping in place of the old one.
    """

    def __init__(self, entries: Iterable[BookEntry] = ()) -> None:
        self._by_id: Mapping[str, BookEntry] = {e.entry.id: e for e in entries}
        self._translations = _translations(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, entry_id: str) -> BookEntry | None:
        """The entry of that id, or None where it is not published."""
        return self._by_id.get(entry_id)

    def spoken(self, entry_id: str, lang: str) -> BookEntry | None:
        """The entry, or its translation into ``lang`` where there is one."""
        found = self._by_id.get(entry_id)
        if found is None or found.entry.lang == lang:
            return found
        group = found.entry.translation_of or found.entry.id
        return self._translations.get((group, lang), found)

    def apply(self, upserts: Iterable[BookEntry], removals: Iterable[str] = ()) -> None:
        """Add or replace entries and take others out."""
        entries = dict(self._by_id)
        for entry_id in removals:
            entries.pop(entry_id, None)
        entries.update((e.entry.id, e) for e in upserts)
        self._translations = _translations(entries)
        self._by_id = entries


def _translations(entries: Mapping[str, BookEntry]) -> Mapping[tuple[str, str], BookEntry]:
    return {(e.entry.translation_of or e.entry.id, e.entry.lang): e for e in entries.values()}
