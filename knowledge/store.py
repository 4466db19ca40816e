"""The question-and-answer store: every write is one transaction, one revision, one change.

Example::

    store = KnowledgeStore(open_engine("sqlite:///grapevine.db"))
    entry = store.create(EntryContent(lang="en", question="…", answer="…"), author="kim")
    store.set_status(entry.id, "published", author="kim")
    store.edit(entry.id, author="kim", base_revision=2, answer="…")
    store.restore(entry.id, 2, author="kim")          # undo
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Unpack

from sqlalchemy import Engine

from knowledge import changes, rows, search
from knowledge.database import reading, writing
from knowledge.errors import EntryExists, EntryNotFound, RevisionConflict
from knowledge.identity import free_id, make_entry, same_questions
from knowledge.types import (
    Action,
    ChangeSet,
    ContentChanges,
    Entry,
    EntryContent,
    EntryFilter,
    Order,
    Page,
    Status,
)
from knowledge.validation import question_key, require, slug
from retrieval.types import Entry as IndexEntry

_MAX_PAGE = 1000


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class KnowledgeStore:
    """Entries with their history in one database. Safe to call from several threads."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self.engine = engine
        self.clock = clock
        self._watch = changes.ChangeWatch(engine)

    def close(self) -> None:
        """Give back the connection that :meth:`last_change` keeps."""
        self._watch.close()

    # Writing

    def create(self, content: EntryContent, *, author: str, entry_id: str | None = None) -> Entry:
        """Store a new entry; its id is made from the question where none is given.

        Raises InvalidEntry, and EntryExists where the id is taken.
        """
        content = require(content, entry_id, author)
        with writing(self.engine) as connection:
            seq = rows.lock_changes(connection)
            if entry_id is None:
                entry_id = free_id(connection, slug(content.question))
            elif entry_id in rows.heads(connection, [entry_id]):
                raise EntryExists(
                    f"the id {entry_id!r} is taken: edit that entry, restore it if it was "
                    "deleted, or choose another id"
                )
            now = self.clock()
            entry = make_entry(content, entry_id, 1, author, "create", created=now, at=now)
            rows.append(connection, seq, [entry], now)
        return entry

    def edit(
        self,
        entry_id: str,
        *,
        author: str,
        base_revision: int | None = None,
        **fields: Unpack[ContentChanges],
    ) -> Entry:
        """Replace the given fields; nothing is written where nothing differs.

        ``base_revision`` is the revision that the author saw: RevisionConflict where it is no
        longer the newest. Raises EntryNotFound (deleted entries too) and InvalidEntry.
        """

        def changed(current: Entry) -> tuple[EntryContent, bool]:
            if current.deleted:
                raise _not_found(entry_id, "it was deleted; restore it first")
            return replace(current.content, **fields), False

        return self._revise(entry_id, "edit", author, base_revision, changed)

    def set_status(
        self, entry_id: str, status: Status, *, author: str, base_revision: int | None = None
    ) -> Entry:
        """Publish, disable or take back to draft. Raises as :meth:`edit` does."""
        return self.edit(entry_id, author=author, base_revision=base_revision, status=status)

    def delete(self, entry_id: str, *, author: str, base_revision: int | None = None) -> Entry:
        """Take an entry out of use; its history stays and :meth:`restore` brings it back."""

        def deleted(current: Entry) -> tuple[EntryContent, bool]:
            if current.deleted:
                raise _not_found(entry_id, "it was deleted already")
            return current.content, True

        return self._revise(entry_id, "delete", author, base_revision, deleted)

    def restore(self, entry_id: str, revision: int | None = None, *, author: str) -> Entry:
        """Make the content of an older revision the newest one.

        Without ``revision``: undo, which brings back a deleted entry, or the revision before
        the newest. Raises EntryNotFound where there is no such entry or revision.
        """
        past = {entry.revision: entry for entry in self.history(entry_id)}
        newest = past[max(past)]
        number = revision or (newest.revision if newest.deleted else newest.revision - 1)
        if number not in past:
            raise EntryNotFound(
                f"entry {entry_id!r} has no revision {number}; it has 1 to {newest.revision}"
            )

        def restored(_current: Entry) -> tuple[EntryContent, bool]:
            return past[number].content, False

        return self._revise(entry_id, "restore", author, newest.revision, restored)

    # Reading

    def get(self, entry_id: str, *, deleted: bool = False) -> Entry:
        """The newest revision. Raises EntryNotFound; for deleted ones unless asked for."""
        with reading(self.engine) as connection:
            entry = rows.heads(connection, [entry_id]).get(entry_id)
        if entry is None:
            raise _not_found(entry_id)
        if entry.deleted and not deleted:
            raise _not_found(entry_id, "it was deleted; restore it first")
        return entry

    def get_many(self, entry_ids: Sequence[str]) -> dict[str, Entry]:
        """The newest revisions of those ids that exist and are not deleted, by id."""
        with reading(self.engine) as connection:
            found = rows.heads(connection, entry_ids)
        return {key: entry for key, entry in found.items() if not entry.deleted}

    def list(
        self,
        wanted: EntryFilter | None = None,
        *,
        order: Order = "id",
        offset: int = 0,
        limit: int = 50,
    ) -> Page:
        """A page of entries; ``limit`` is at most 1,000."""
        limit = min(max(limit, 1), _MAX_PAGE)
        with reading(self.engine) as connection:
            return search.find(
                connection, wanted or EntryFilter(), order=order, offset=max(offset, 0), limit=limit
            )

    def history(self, entry_id: str) -> tuple[Entry, ...]:
        """All revisions, newest first. Raises EntryNotFound."""
        with reading(self.engine) as connection:
            found = rows.histories(connection, [entry_id]).get(entry_id)
        if not found:
            raise _not_found(entry_id)
        return tuple(reversed(found))

    def stats(self) -> dict[str, dict[str, int]]:
        """How many entries there are by ``status``, ``lang`` and ``topic``, and ``deleted``."""
        with reading(self.engine) as connection:
            return search.counts(connection)

    def warnings(self, content: EntryContent, entry_id: str | None = None) -> tuple[str, ...]:
        """What is allowed but probably not meant: translation links, questions asked twice."""
        found: list[str] = []
        with reading(self.engine) as connection:
            target = content.translation_of
            if target is not None:
                other = rows.heads(connection, [target]).get(target)
                if other is None or other.deleted:
                    found.append(f"translation_of names {target!r}, which does not exist (yet)")
                elif other.lang == content.lang:
                    found.append(f"translation_of names {target!r}, which has the same language")
            key = question_key(content.question, content.lang)
            twins = same_questions(connection, [key]).get(key, [])
        twins = [twin for twin in twins if twin != entry_id]
        if twins:
            found.append(f"the same question is asked by {', '.join(twins)}")
        return tuple(found)

    # For the index

    def published(self, now: datetime | None = None) -> Sequence[IndexEntry]:
        """Every entry that visitors may be given, by id."""
        with reading(self.engine) as connection:
            found = changes.answerable(connection, now or self.clock())
        return [entry.for_index() for entry in found]

    def snapshot(self, now: datetime | None = None) -> ChangeSet:
        """All published entries with the change number at which they are so; for the start."""
        with reading(self.engine) as connection:
            seq = changes.last_seq(connection)
            found = changes.answerable(connection, now or self.clock())
        return ChangeSet(seq, [entry.for_index() for entry in found], [])

    def changes_since(
        self, seq: int, *, since: datetime | None = None, now: datetime | None = None
    ) -> ChangeSet:
        """What an index at change ``seq`` has to do: ``(seq, upserts, removals)``.

        With ``since``, entries whose validity began or ended in (since, now] are among them.
        """
        with reading(self.engine) as connection:
            return changes.changes_since(connection, seq, since=since, now=now or self.clock())

    def last_change(self) -> int:
        """The number of the last committed change, for polling."""
        return self._watch.poll()

    def next_boundary(self, now: datetime | None = None) -> datetime | None:
        """When the next published entry begins or ceases to be valid, if any will."""
        with reading(self.engine) as connection:
            return changes.next_boundary(connection, now or self.clock())

    def _revise(
        self,
        entry_id: str,
        action: Action,
        author: str,
        base_revision: int | None,
        change: Callable[[Entry], tuple[EntryContent, bool]],
    ) -> Entry:
        with writing(self.engine) as connection:
            seq = rows.lock_changes(connection)
            current = rows.heads(connection, [entry_id]).get(entry_id)
            if current is None:
                raise _not_found(entry_id)
            if base_revision is not None and base_revision != current.revision:
                raise RevisionConflict(entry_id, base_revision, current.revision)
            content, deleted = change(current)
            content = require(content, entry_id, author)
            if content == current.content and deleted == current.deleted:
                return current
            now = max(self.clock(), current.updated_at)
            entry = make_entry(
                content,
                entry_id,
                current.revision + 1,
                author,
                action,
                created=current.created_at,
                at=now,
                deleted=deleted,
            )
            rows.append(connection, seq, [entry], now)
        return entry


def _not_found(entry_id: str, why: str | None = None) -> EntryNotFound:
    return EntryNotFound(f"no entry {entry_id!r}" + (f": {why}" if why else ""))
