"""Run by Alembic for every command: on the connection that :func:`web.migrations.upgrade` gives."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

from knowledge.database import UtcDateTime
from web.migrations import declared


def _plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A revision names the database's types: it must not change when our classes do."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=declared(),
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=_plain_type,
)
with context.begin_transaction():
    context.run_migrations()
