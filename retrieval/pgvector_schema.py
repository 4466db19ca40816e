"""The table of vectors in PostgreSQL: extension, table, one index for each encoder version.

It is made here and not by migrations: these run on servers without the extension too, and all of
it can be made again from the knowledge base.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from retrieval.errors import IndexUnavailable

TABLE = "kb_vectors"
#: Any number of our own: PostgreSQL has one space of advisory locks.
LOCK = 7_164_022
#: Whether a row was written so long ago that nobody can be about to hear of it.
AGE = f"{TABLE}.written_at < now() - interval '10 minutes'"

_FIRST_WITH_HNSW = (0, 5)

_CREATE = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    encoder text NOT NULL,
    entry_id text NOT NULL,
    revision integer NOT NULL,
    position integer NOT NULL,
    digest text NOT NULL,
    embedding vector NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (encoder, entry_id, revision, position)
)
"""


def open_table(engine: Engine) -> str:
    """Make extension and table where they are missing; the extension's version.

    Raises IndexUnavailable, whose message says what to do.
    """
    if engine.dialect.name != "postgresql":
        raise IndexUnavailable(
            "Vectors in pgvector need a PostgreSQL database: give its URL "
            "(postgresql+psycopg://user@host/name), or keep the index in memory."
        )
    try:
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            version = _extension(connection)
            connection.execute(text(_CREATE))
    except SQLAlchemyError as error:
        raise IndexUnavailable(
            f"The table {TABLE} cannot be made or used: {reason_of(error)}. The database's user "
            "needs CREATE on the schema, and the extension's types have to be on its search_path."
        ) from error
    return version


def open_schema(engine: Engine, encoder: str, dim: int) -> None:
    """As :func:`open_table`, and the index over the rows of ``encoder``, 16 hexadecimal digits."""
    open_table(engine)
    try:
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            connection.execute(
                text(
                    f"CREATE INDEX IF NOT EXISTS {TABLE}_{encoder} ON {TABLE} USING hnsw"
                    f" ((CAST(embedding AS vector({dim}))) vector_ip_ops)"
                    f" WHERE encoder = '{encoder}'"
                )
            )
    except SQLAlchemyError as error:
        raise IndexUnavailable(
            f"The index over {TABLE} cannot be made: {reason_of(error)}"
        ) from error


def reason_of(error: SQLAlchemyError) -> str:
    """The server's or the driver's own words, the first line of them."""
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    return words[0] if words else type(error).__name__


def _extension(connection: Connection) -> str:
    found = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    version = connection.scalar(found)
    if version is None:
        try:
            connection.execute(text("CREATE EXTENSION vector"))
        except SQLAlchemyError as error:
            raise IndexUnavailable(_missing(error)) from error
        version = connection.scalar(found)
    if tuple(map(int, str(version).split(".")[:2])) < _FIRST_WITH_HNSW:
        raise IndexUnavailable(
            f"pgvector {version} has no HNSW index: install 0.5 or newer on the database server "
            "and run ALTER EXTENSION vector UPDATE."
        )
    return str(version)


def _missing(error: SQLAlchemyError) -> str:
    reason = reason_of(error)
    if "permission" in reason:
        return (
            f"The extension pgvector is not set up in this database and its user may not do it "
            f"({reason}): have an administrator run CREATE EXTENSION vector in it."
        )
    return (
        f"The extension pgvector is not installed on the database server ({reason}): install it "
        "there (on Debian and Ubuntu postgresql-16-pgvector), or keep the index in memory."
    )
