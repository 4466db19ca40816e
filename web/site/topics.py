"""Published entries as the help and FAQ pages show them: by topic, in the copy's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from retrieval.types import Entry
from web.site.text import SiteText


class PublishedEntries(Protocol):
    """The part of the knowledge store that the site reads."""

    def published(self) -> Sequence[Entry]:
        """Entries that visitors may be given now."""


@dataclass(frozen=True, slots=True)
class TopicGroup:
    """Entries of one topic; ``key`` is also its anchor's name."""

    key: str
    name: str
    entries: tuple[Entry, ...]


def group_by_topic(entries: Iterable[Entry], text: SiteText) -> tuple[TopicGroup, ...]:
    """Groups in the order of the copy; unknown topics follow by name, no topic comes last.

    An entry of the other language is shown only where this language has no translation of it.
    """
    chosen = _one_per_pair(tuple(entries), text.lang)
    by_key: dict[str, list[Entry]] = {}
    for entry in chosen:
        by_key.setdefault(entry.topic or "", []).append(entry)
    known = [key for key in text.copy["topics"] if key in by_key]
    added = sorted(key for key in by_key if key and key not in text.copy["topics"])
    order = [*known, *added, *([""] if "" in by_key else [])]
    return tuple(
        TopicGroup(
            key or "other", text.topic(key) if key else text.guide["other"], tuple(by_key[key])
        )
        for key in order
    )


def _one_per_pair(entries: tuple[Entry, ...], lang: str) -> tuple[Entry, ...]:
    own = [entry for entry in entries if entry.lang == lang]
    covered = {key for entry in own for key in (entry.id, entry.translation_of) if key}
    rest = [
        entry
        for entry in entries
        if entry.lang != lang and entry.id not in covered and entry.translation_of not in covered
    ]
    return (*own, *rest)
