"""Between rows and entries: reading heads and histories, appending revisions.

Functions here take a connection; the transaction is the caller's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, text, update

from knowledge import tables as t
from knowledge.errors import RevisionConflict
from knowledge.notice import notify
from knowledge.types import Entry, EvidenceLink
from knowledge.validation import question_key

#: Rows fetched or written by one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535.
BATCH = 500

T = TypeVar("T")

_COLUMNS = (
    t.revisions,
    t.entries.c.created_at,
    t.entries.c.revision.label("head"),
)


def select_heads() -> Select[Any]:
    """The newest revision of every entry."""
    return select(*_COLUMNS).join(
        t.entries,
        (t.entries.c.id == t.revisions.c.entry_id)
        & (t.entries.c.revision == t.revisions.c.revision),
    )


def select_all_revisions() -> Select[Any]:
    """Every revision of every entry."""
    return select(*_COLUMNS).join(t.entries, t.entries.c.id == t.revisions.c.entry_id)


def fetch(connection: Connection, statement: Select[Any]) -> list[Entry]:
    """The entries that ``statement`` (made from one of the two above) selects, in its order."""
    rows = connection.execute(statement).all()
    links = _links(connection, [(row.entry_id, row.revision) for row in rows])
    return [_entry(row, links.get((row.entry_id, row.revision), ())) for row in rows]


def heads(connection: Connection, entry_ids: Iterable[str]) -> dict[str, Entry]:
    """The newest revisions of these entries, deleted ones too, by id."""
    found: dict[str, Entry] = {}
    for part in parts(sorted(set(entry_ids))):
        statement = select_heads().where(t.entries.c.id.in_(part))
        found |= {entry.id: entry for entry in fetch(connection, statement)}
    return found


def histories(connection: Connection, entry_ids: Sequence[str]) -> dict[str, list[Entry]]:
    """All revisions of these entries by id, oldest first."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for part in parts(entry_ids):
        statement = (
            select_all_revisions()
            .where(t.revisions.c.entry_id.in_(part))
            .order_by(t.revisions.c.entry_id, t.revisions.c.revision)
        )
        for entry in fetch(connection, statement):
            found[entry.id].append(entry)
    return found


def lock_changes(connection: Connection) -> int:
    """Take the base's write lock until the transaction ends; the number of the last change."""
    statement = update(t.counter).values(seq=t.counter.c.seq).returning(t.counter.c.seq)
    seq = connection.scalar(statement)
    if seq is None:
        connection.execute(
            text("INSERT INTO kb_counter (id, seq) VALUES (1, 0) ON CONFLICT DO NOTHING")
        )
        seq = connection.scalar(statement)
    return int(seq or 0)


def append(connection: Connection, seq: int, entries: Sequence[Entry], at: datetime) -> int:
    """Write new revisions, each the next of its entry, and number the changes from ``seq``.

    The caller holds :func:`lock_changes`. Several revisions of one entry stand in order. Whoever
    listens hears of it at the commit.
    Returns the number of the last change. Raises RevisionConflict where a revision is not next.
    """
    for part in parts(entries):
        _append_heads(connection, seq, part)
        connection.execute(insert(t.revisions), [_revision_row(entry) for entry in part])
        links = [row for entry in part for row in _link_rows(entry)]
        if links:
            connection.execute(insert(t.evidence), links)
        connection.execute(
            insert(t.changes),
            [
                {"seq": seq + place, "entry_id": entry.id, "revision": entry.revision, "at": at}
                for place, entry in enumerate(part, start=1)
            ],
        )
        seq += len(part)
    connection.execute(update(t.counter).values(seq=seq))
    notify(connection)
    return seq


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """``items`` in pieces of at most ``BATCH``."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _append_heads(connection: Connection, seq: int, part: Sequence[Entry]) -> None:
    """Point the heads at the last revision of each entry in ``part``; make the new ones."""
    statement = select(t.entries.c.id, t.entries.c.revision).where(
        t.entries.c.id.in_({entry.id for entry in part})
    )
    known: dict[str, int] = {row.id: row.revision for row in connection.execute(statement)}
    last: dict[str, dict[str, Any]] = {}
    reached = dict(known)
    for place, entry in enumerate(part, start=1):
        current = reached.get(entry.id, 0)
        if entry.revision != current + 1:
            raise RevisionConflict(entry.id, entry.revision - 1, current)
        reached[entry.id] = entry.revision
        last[entry.id] = {
            "key": entry.id,
            "revision": entry.revision,
            "created_at": entry.created_at,
            "change_seq": seq + place,
        }
    new = [row for key, row in last.items() if key not in known]
    if new:
        connection.execute(
            insert(t.entries),
            [
                {
                    "id": row["key"],
                    "revision": row["revision"],
                    "created_at": row["created_at"],
                    "change_seq": row["change_seq"],
                }
                for row in new
            ],
        )
    old = [row for key, row in last.items() if key in known]
    if old:
        connection.execute(
            update(t.entries)
            .where(t.entries.c.id == bindparam("key"))
            .values(revision=bindparam("revision"), change_seq=bindparam("change_seq")),
            old,
        )


def _links(
    connection: Connection, keys: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], tuple[EvidenceLink, ...]]:
    wanted = set(keys)
    found: dict[tuple[str, int], list[EvidenceLink]] = defaultdict(list)
    for part in parts(sorted({entry_id for entry_id, _ in keys})):
        statement = (
            select(t.evidence)
            .where(t.evidence.c.entry_id.in_(part))
            .order_by(t.evidence.c.entry_id, t.evidence.c.revision, t.evidence.c.position)
        )
        for row in connection.execute(statement):
            if (row.entry_id, row.revision) in wanted:
                found[row.entry_id, row.revision].append(
                    EvidenceLink(kind=row.kind, ref=row.ref, url=row.url, note=row.note)
                )
    return {key: tuple(links) for key, links in found.items()}


def _entry(row: Row[Any], links: tuple[EvidenceLink, ...]) -> Entry:
    return Entry(
        id=row.entry_id,
        revision=row.revision,
        lang=row.lang,
        question=row.question,
        answer=row.answer,
        alternatives=row.alternatives,
        topic=row.topic,
        status=row.status,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        translation_of=row.translation_of,
        evidence=links,
        author=row.author,
        action=row.action,
        created_at=row.created_at,
        updated_at=row.at,
        deleted=row.deleted,
    )


def _revision_row(entry: Entry) -> dict[str, Any]:
    return {
        "entry_id": entry.id,
        "revision": entry.revision,
        "lang": entry.lang,
        "question": entry.question,
        "question_key": question_key(entry.question, entry.lang),
        "alternatives": entry.alternatives,
        "answer": entry.answer,
        "topic": entry.topic,
        "status": entry.status,
        "valid_from": entry.valid_from,
        "valid_to": entry.valid_to,
        "translation_of": entry.translation_of,
        "author": entry.author,
        "action": entry.action,
        "deleted": entry.deleted,
        "at": entry.updated_at,
    }


def _link_rows(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "entry_id": entry.id,
            "revision": entry.revision,
            "position": position,
            "kind": link.kind,
            "ref": link.ref,
            "url": link.url,
            "note": link.note,
        }
        for position, link in enumerate(entry.evidence)
    ]
