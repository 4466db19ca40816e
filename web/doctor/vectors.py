"""The vectors of entries: does the setting fit the database, and has its server pgvector?"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from knowledge.database import open_engine, reading
from retrieval.pgvector_schema import TABLE, reason_of
from web.doctor.findings import Finding
from web.settings import Settings
from web.supervisor.preparation import database_url
from web.vectors import UNFIT

_AREA = "vectors"
_INSTALL = (
    "install pgvector on the database server (on Debian and Ubuntu postgresql-16-pgvector), or set "
    "GRAPEVINE_INDEX to 'memory'"
)
_AGAIN = f"stop all web processes, DROP TABLE {TABLE}, and start them: it is made again"


def check(settings: Settings) -> Iterator[Finding]:
    """Look at the server without making anything."""
    if settings.index == "memory":
        yield Finding(_AREA, "kept", "ok", "in the memory of each web process")
        return
    engine = open_engine(database_url(settings))
    try:
        if engine.dialect.name != "postgresql":
            yield Finding(_AREA, "kept", "fail", "in no PostgreSQL database", UNFIT)
            return
        with reading(engine) as connection:
            yield _extension(connection)
            if connection.scalar(text("SELECT to_regclass(:table)"), {"table": TABLE}) is not None:
                yield _table(connection, len({settings.encoder_en, settings.encoder_multi}))
    except SQLAlchemyError as error:
        yield Finding(
            _AREA, "kept", "fail", f"the server does not answer: {reason_of(error)}",
            "start the server or correct GRAPEVINE_DATABASE_URL",
        )  # fmt: skip
    finally:
        engine.dispose()


def _extension(connection: Connection) -> Finding:
    found = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    version = connection.scalar(found)
    if version is not None:
        return Finding(_AREA, "extension", "ok", f"pgvector {version}")
    known = text("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
    version = connection.scalar(known)
    if version is None:
        return Finding(_AREA, "extension", "fail", "the server has no pgvector", _INSTALL)
    return Finding(
        _AREA, "extension", "warn", f"pgvector {version} is not set up in this database",
        "'grapevine up' does it; where its user may not, an administrator runs CREATE EXTENSION "
        "vector",
    )  # fmt: skip


def _table(connection: Connection, encoders: int) -> Finding:
    count, versions = connection.execute(
        text(f"SELECT count(*), count(DISTINCT encoder) FROM {TABLE}")  # noqa: S608 - a constant
    ).one()
    detail = f"{count} vectors by {versions} encoders"
    if versions <= encoders:
        return Finding(_AREA, "table", "ok", detail)
    return Finding(_AREA, "table", "warn", f"{detail}, former ones among them", _AGAIN)
