"""Fixtures that every package's tests may use."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from knowledge.database import metadata, open_engine


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[str]:
    """URL of a real PostgreSQL 16, started for this run and removed after it."""
    with warnings.catch_warnings():
        # It asks on import for the runtime folder, which only a login session has.
        warnings.simplefilter("ignore")
        import pgserver
    # A short path: the server's socket lies in it, and its name may hold 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="gv-pg-", dir="/tmp"))
    server = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield (
            make_url(server.get_uri())
            .set(drivername="postgresql+psycopg")
            .render_as_string(hide_password=False)
        )
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(_postgres_server: str) -> str:
    """URL of an empty database on a real PostgreSQL; shared by the whole test session."""
    return _create_database(_postgres_server, "grapevine_test")


def _create_database(server_url: str, name: str) -> str:
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a new SQLite file."""
    return f"sqlite:///{tmp_path / 'grapevine.db'}"


@pytest.fixture
def empty_postgres_url(_postgres_server: str) -> str:
    """URL of a database on a real PostgreSQL that is made anew for this test."""
    return _create_database(_postgres_server, "grapevine_each")


@pytest.fixture(params=["sqlite", "postgres"])
def any_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return str(request.getfixturevalue("empty_postgres_url"))


@pytest.fixture
def any_engine(any_url: str) -> Iterator[Engine]:
    """An engine on an empty database of either kind; tables are the test's business."""
    engine = open_engine(any_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """An engine on a new SQLite file that holds every table registered so far."""
    engine = open_engine(sqlite_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()
