"""Which entry is which: free ids, entries asking the same question, and new revisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, select

from knowledge import tables as t
from knowledge.rows import parts, select_heads
from knowledge.types import Action, Entry, EntryContent
from knowledge.validation import LIMITS


def free_id(connection: Connection, wanted: str, taken: Collection[str] = ()) -> str:
    """``wanted``, or ``wanted-2`` and so on: the first that neither base nor ``taken`` has."""
    candidate, number = wanted, 1
    while candidate in taken or connection.scalar(
        select(t.entries.c.id).where(t.entries.c.id == candidate)
    ):
        number += 1
        suffix = f"-{number}"
        candidate = wanted[: LIMITS.id - len(suffix)] + suffix
    return candidate


def same_questions(connection: Connection, keys: Sequence[str]) -> dict[str, list[str]]:
    """Ids of the entries, not deleted, that ask the questions with these keys."""
    found: dict[str, list[str]] = defaultdict(list)
    for part in parts(keys):
        statement = (
            select_heads()
            .with_only_columns(t.revisions.c.question_key, t.entries.c.id)
            .where(t.revisions.c.question_key.in_(part), t.revisions.c.deleted.is_(False))
            .order_by(t.entries.c.id)
        )
        for key, entry_id in connection.execute(statement):
            found[key].append(entry_id)
    return found


def make_entry(
    content: EntryContent,
    entry_id: str,
    revision: int,
    author: str,
    action: Action,
    *,
    created: datetime,
    at: datetime,
    deleted: bool = False,
) -> Entry:
    """``content`` as a revision of an entry."""
    return Entry(
        **{field.name: getattr(content, field.name) for field in fields(EntryContent)},
        id=entry_id,
        revision=revision,
        author=author,
        action=action,
        created_at=created,
        updated_at=at,
        deleted=deleted,
    )
