"""The setting of where vectors are kept: fits the database, or stops the start with what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from knowledge.database import open_engine
from retrieval.errors import IndexUnavailable
from web.app import create_app
from web.settings import Settings
from web.supervisor.preparation import prepare_database


def test_pgvector_without_a_postgres_stops_the_start(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, index="pgvector", generator="none")
    with pytest.raises(IndexUnavailable, match=r"GRAPEVINE_DATABASE_URL .*GRAPEVINE_INDEX"):
        create_app(settings)
    with pytest.raises(IndexUnavailable, match="GRAPEVINE_DATABASE_URL"):
        prepare_database(settings)


def test_the_preparation_makes_the_table(tmp_path: Path, empty_postgres_url: str) -> None:
    settings = Settings(
        data_dir=tmp_path, index="pgvector", database_url=empty_postgres_url, demo=False
    )
    prepare_database(settings)
    engine = open_engine(empty_postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM kb_vectors")) == 0
    engine.dispose()


def test_who_keeps_vectors_in_memory_does_not_load_pgvector() -> None:
    code = "import sys, web.app; sys.exit('retrieval.pgvector' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
