"""The history of the tables: it leads exactly to what the code declares, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect

from knowledge.database import reading
from web.migrations import declared, upgrade


def test_the_history_leads_to_the_declared_tables(any_engine: Engine) -> None:
    upgrade(any_engine)
    with reading(any_engine) as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, declared()) == []
    tables = set(inspect(any_engine).get_table_names())
    assert tables == set(declared().tables) | {"alembic_version"}


def test_an_upgrade_twice_or_at_once_does_no_harm(any_engine: Engine) -> None:
    start = threading.Barrier(3)

    def run(_: int) -> None:
        start.wait()
        upgrade(any_engine)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, range(3)))
    upgrade(any_engine)
    with reading(any_engine) as connection:
        assert MigrationContext.configure(connection).get_current_revision() is not None
