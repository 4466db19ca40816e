"""Lists of entries: filters, order, pages and counts."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from knowledge import tables as t
from knowledge.rows import fetch, select_heads
from knowledge.types import EntryFilter, Order, Page

_ORDER: dict[Order, tuple[ColumnElement[Any], ...]] = {
    "id": (t.entries.c.id.asc(),),
    "updated": (t.revisions.c.at.desc(), t.entries.c.id.asc()),
    "question": (func.lower(t.revisions.c.question).asc(), t.entries.c.id.asc()),
}


def find(
    connection: Connection, wanted: EntryFilter, *, order: Order, offset: int, limit: int
) -> Page:
    """The entries that ``wanted`` lets through, from ``offset``, at most ``limit``."""
    statement = select_heads().where(*_conditions(wanted))
    total = connection.scalar(select(func.count()).select_from(statement.subquery())) or 0
    ordered: Select[Any] = statement.order_by(*_ORDER[order]).offset(offset).limit(limit)
    return Page(items=fetch(connection, ordered), total=total, offset=offset, limit=limit)


def matching_ids(connection: Connection, wanted: EntryFilter | None) -> list[str]:
    """Ids of the entries that ``wanted`` lets through, in order; of all, even deleted, at None."""
    statement = select_heads().with_only_columns(t.entries.c.id).order_by(t.entries.c.id)
    if wanted is not None:
        statement = statement.where(*_conditions(wanted))
    return list(connection.scalars(statement))


def counts(connection: Connection) -> dict[str, dict[str, int]]:
    """How many entries there are by ``status``, ``lang`` and ``topic``; deleted ones apart."""
    heads = select_heads().subquery()
    found: dict[str, dict[str, int]] = {}
    for name in ("status", "lang", "topic"):
        column = heads.c[name]
        statement = (
            select(column, func.count())
            .where(heads.c.deleted.is_(False))
            .group_by(column)
            .order_by(column)
        )
        found[name] = {row[0] or "": row[1] for row in connection.execute(statement)}
    deleted = select(func.count()).select_from(heads).where(heads.c.deleted.is_(True))
    found["deleted"] = {"deleted": connection.scalar(deleted) or 0}
    return found


def _conditions(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    r = t.revisions.c
    found: list[ColumnElement[bool]] = [r.deleted.is_(wanted.deleted)]
    for name in ("lang", "status", "topic", "translation_of"):
        value = getattr(wanted, name)
        if value is not None:
            found.append(r[name] == value)
    if wanted.text and wanted.text.strip():
        needle = wanted.text.strip().lower()
        quoted = json.dumps(needle, ensure_ascii=False)[1:-1]
        found.append(
            or_(
                func.lower(t.entries.c.id).contains(needle, autoescape=True),
                func.lower(r.question).contains(needle, autoescape=True),
                func.lower(r.answer).contains(needle, autoescape=True),
                func.lower(r.alternatives).contains(quoted, autoescape=True),
            )
        )
    return found
