"""The history of all tables, and how a database is brought up to date.

One Alembic history covers every package's tables. A new revision is made by
``python -m web.migrations NAME`` against the tables as the code declares them, and then read
and tidied by a person.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData, text

from knowledge.database import metadata, writing

_LOCK = 7_164_021  # any number of our own: Postgres has one space of advisory locks


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision; safe when several processes start at once.

    Raises sqlalchemy.exc.SQLAlchemyError where the database cannot be used.
    """
    config = configuration()
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def configuration() -> Config:
    """Alembic's configuration; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def declared() -> MetaData:
    """The tables as the code declares them, all packages' modules loaded."""
    import knowledge.tables  # noqa: F401
    import web.conversation.tables
    import web.corrections
    import web.costs
    import web.internal.attempts
    import web.judging  # noqa: F401

    return metadata
