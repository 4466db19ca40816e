"""The database that all tables of the product live in, and how it is read and written.

Reads and writes are told apart by the caller, because SQLite tells them apart: a write takes the
one write lock at its beginning, a read takes none and sees one unchanging state throughout.

* ``with writing(engine) as connection:`` commits at the end, rolls back on an error.
* ``with reading(engine) as connection:`` never blocks and is never blocked; a write in it fails.
* ``sessionmaker(reader(engine))`` gives sessions that only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.types import TypeDecorator

#: Every table of the product registers here; one Alembic history covers them all.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BUSY_TIMEOUT_MS = 5000
_READ_OPTION = "grapevine_read"
_QUERY_ONLY = "grapevine_query_only"


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware going in, UTC coming out, on every database.

    Raises ValueError for a naive datetime, whose zone nobody could know later.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_engine(url: str) -> Engine:
    """Open an engine for ``url``; SQLite gets WAL mode, foreign keys and a busy timeout.

    A SQLite transaction that was not declared as a read starts with BEGIN IMMEDIATE: a writer
    that began as a reader would be refused with "database is locked" at once, whatever the
    timeout.
    """
    engine = create_engine(
        url,
        pool_pre_ping=not url.startswith("sqlite"),
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def reader(engine: Engine) -> Engine:
    """The same engine and pool, whose transactions only read."""
    options: dict[str, Any] = {_READ_OPTION: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return engine.execution_options(**options)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one consistent state, takes no write lock and cannot write."""
    with reader(engine).connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is committed at the end and rolled back on an error.

    On SQLite it holds the write lock from its beginning; wait for models and networks outside.
    """
    with engine.begin() as connection:
        yield connection


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read = bool(connection.get_execution_options().get(_READ_OPTION))
    # Refusing writes keeps a forgotten one from failing now and then, under load only.
    if connection.info.get(_QUERY_ONLY, False) != read:
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if read else 'OFF'}")
        connection.info[_QUERY_ONLY] = read
    connection.exec_driver_sql("BEGIN" if read else "BEGIN IMMEDIATE")
