"""Where the vectors of entries are kept: what the setting asks for, opened or refused."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Engine

from retrieval.entry_vectors import LocalVectors, OpenVectors
from retrieval.errors import IndexUnavailable
from web.settings import Settings

UNFIT = (
    "GRAPEVINE_INDEX=pgvector needs a PostgreSQL database: set GRAPEVINE_DATABASE_URL to one "
    "(postgresql+psycopg://user@host/name), or GRAPEVINE_INDEX to 'memory'."
)


def open_vectors(settings: Settings, engine: Engine) -> OpenVectors:
    """What opens the vectors of an encoder, on the database of the product.

    Raises IndexUnavailable where the setting and the database do not fit.
    """
    if settings.index == "memory":
        return LocalVectors.open
    if engine.dialect.name != "postgresql":
        raise IndexUnavailable(UNFIT)
    # Who keeps vectors in memory does not load it.
    from retrieval.pgvector import PgVectors

    return partial(PgVectors.open, engine)


def prepare_vectors(settings: Settings, engine: Engine) -> None:
    """Make what the setting needs on the server. Raises IndexUnavailable."""
    open_vectors(settings, engine)
    if settings.index == "pgvector":
        from retrieval.pgvector_schema import open_table

        open_table(engine)
