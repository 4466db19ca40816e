"""The nouns of the base: an entry's content, an entry at one revision, and pages of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal, NamedTuple, TypedDict

from retrieval.types import Entry as IndexEntry
from retrieval.types import Lang

Status = Literal["draft", "published", "disabled"]
#: What made a revision.
Action = Literal["create", "edit", "delete", "restore", "import"]
Order = Literal["id", "updated", "question"]

STATUSES: tuple[Status, ...] = ("draft", "published", "disabled")
LANGS: tuple[Lang, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class EvidenceLink:
    """Why an entry exists: a post, a page or a conversation. ``ref`` is its id over there."""

    kind: str
    ref: str
    url: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class EntryContent:
    """All of an entry that its author writes.

    It may be answered while ``status`` is published and ``valid_from`` <= now < ``valid_to``.
    ``translation_of`` names the entry of the other language that this one translates.
    """

    lang: Lang
    question: str
    answer: str
    alternatives: tuple[str, ...] = ()
    topic: str | None = None
    status: Status = "draft"
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    translation_of: str | None = None
    evidence: tuple[EvidenceLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(EntryContent):
    """An entry as it stood at one revision.

    ``author``, ``action`` and ``updated_at`` tell who made this revision, how and when;
    ``created_at`` is the time of the first one. ``deleted`` entries are kept and restorable.
    """

    id: str
    revision: int
    author: str
    action: Action
    created_at: datetime
    updated_at: datetime
    deleted: bool = False

    @property
    def content(self) -> EntryContent:
        """The authored part alone."""
        return EntryContent(**{f.name: getattr(self, f.name) for f in fields(EntryContent)})

    def answerable(self, now: datetime) -> bool:
        """Whether visitors may be given this entry at ``now``."""
        return (
            self.status == "published"
            and not self.deleted
            and (self.valid_from is None or self.valid_from <= now)
            and (self.valid_to is None or now < self.valid_to)
        )

    def for_index(self) -> IndexEntry:
        """The part that retrieval searches."""
        return IndexEntry(
            id=self.id,
            revision=self.revision,
            lang=self.lang,
            question=self.question,
            answer=self.answer,
            alternatives=self.alternatives,
            topic=self.topic,
            translation_of=self.translation_of,
        )


class ContentChanges(TypedDict, total=False):
    """Fields of an entry that an edit replaces; absent ones stay."""

    lang: Lang
    question: str
    answer: str
    alternatives: tuple[str, ...]
    topic: str | None
    status: Status
    valid_from: datetime | None
    valid_to: datetime | None
    translation_of: str | None
    evidence: tuple[EvidenceLink, ...]


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries to list. ``text`` is looked for in id, question, alternatives and answer."""

    text: str | None = None
    lang: Lang | None = None
    status: Status | None = None
    topic: str | None = None
    translation_of: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list; ``total`` counts all that the filter lets through."""

    items: Sequence[Entry]
    total: int
    offset: int
    limit: int


class ChangeSet(NamedTuple):
    """What the index has to do to reach change ``seq``."""

    seq: int
    upserts: list[IndexEntry]
    removals: list[str]
