"""Tables of the knowledge store.

``kb_entries`` only points at the newest revision; all content lies in ``kb_revisions``, which
grows and is never rewritten. ``kb_counter`` holds one row: whoever writes to the base locks it
first, so that changes are numbered in the order in which they are committed (a PostgreSQL
sequence is not: a watcher would miss the lower number that commits later).
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

from knowledge.database import UtcDateTime, metadata


class TextList(TypeDecorator[tuple[str, ...]]):
    """A list of texts as a JSON array that can be searched as it reads (no escapes)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(list(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(json.loads(value))


entries = Table(
    "kb_entries",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("change_seq", BigInteger, nullable=False),
)

revisions = Table(
    "kb_revisions",
    metadata,
    Column("entry_id", String(200), ForeignKey("kb_entries.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("lang", String(2), nullable=False),
    Column("question", Text, nullable=False),
    Column("question_key", String(32), nullable=False),
    Column("alternatives", TextList, nullable=False),
    Column("answer", Text, nullable=False),
    Column("topic", String(100)),
    Column("status", String(10), nullable=False),
    Column("valid_from", UtcDateTime),
    Column("valid_to", UtcDateTime),
    Column("translation_of", String(200)),
    Column("author", String(100), nullable=False),
    Column("action", String(10), nullable=False),
    Column("deleted", Boolean(create_constraint=False), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_kb_revisions_question_key", "question_key"),
    Index("ix_kb_revisions_valid_from", "valid_from"),
    Index("ix_kb_revisions_valid_to", "valid_to"),
)

evidence = Table(
    "kb_evidence",
    metadata,
    Column("entry_id", String(200), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(50), nullable=False),
    Column("ref", String(500), nullable=False),
    Column("url", String(2000)),
    Column("note", Text, nullable=False),
    ForeignKeyConstraint(
        ["entry_id", "revision"], ["kb_revisions.entry_id", "kb_revisions.revision"]
    ),
    Index("ix_kb_evidence_kind_ref", "kind", "ref"),
)

changes = Table(
    "kb_changes",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", String(200), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

counter = Table(
    "kb_counter",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
