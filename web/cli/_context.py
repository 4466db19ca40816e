"""What the verbs that work on the database open, and close again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from knowledge.store import KnowledgeStore
    from web.settings import Settings


@contextmanager
def open_database(settings: Settings | None = None) -> Iterator[Engine]:
    """An engine on the database of the settings, its tables up to date.

    Raises SQLAlchemyError where it cannot be used, OSError where its folder cannot be made.
    """
    from knowledge.database import open_engine
    from web.migrations import upgrade
    from web.settings import Settings
    from web.supervisor.preparation import database_url

    settings = settings or Settings()
    if settings.database_url is None:
        settings.make_data_dir()
    engine = open_engine(database_url(settings))
    try:
        upgrade(engine)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def open_store(settings: Settings | None = None) -> Iterator[KnowledgeStore]:
    """The knowledge store of the settings. Raises as :func:`open_database` does."""
    from knowledge.store import KnowledgeStore

    with open_database(settings) as engine:
        store = KnowledgeStore(engine)
        try:
            yield store
        finally:
            store.close()
