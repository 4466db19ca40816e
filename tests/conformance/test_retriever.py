"""The hybrid retriever held to the suite: with hashed vectors and with the real encoders, and with
its vectors in memory and in a real PostgreSQL with pgvector."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from knowledge.database import open_engine
from retrieval.entry_vectors import LocalVectors, OpenVectors
from retrieval.errors import NotLoaded
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.pgvector import PgVectors
from retrieval.pgvector_schema import TABLE
from retrieval.types import Retriever
from tests.conformance.retriever_suite import RetrieverSuite
from tests.retrieval.conftest import small_retriever
from web.settings import Settings


def test_a_retriever_that_was_not_loaded_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotLoaded):
        small_retriever(tmp_path).search("router")
    with pytest.raises(NotLoaded):
        small_retriever(tmp_path).upsert([])


class TestHashedHybrid(RetrieverSuite):
    @pytest.fixture
    def retriever(self, tmp_path: Path) -> Retriever:
        made = small_retriever(tmp_path)
        made.load()
        return made


@pytest.fixture(scope="module")
def vector_engine(postgres_url: str) -> Iterator[Engine]:
    """A real PostgreSQL that holds no vectors yet."""
    made = open_engine(postgres_url)
    with made.begin() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {TABLE}"))
    yield made
    made.dispose()


class TestHashedPgVector(RetrieverSuite):
    @pytest.fixture
    def retriever(self, tmp_path: Path, vector_engine: Engine) -> Retriever:
        made = small_retriever(tmp_path, open_vectors=partial(PgVectors.open, vector_engine))
        made.load()
        with vector_engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {TABLE}"))
        return made


def _with_real_encoders(folder: Path, vectors: OpenVectors) -> HybridRetriever:
    settings = Settings()
    store = ModelStore(settings.cache_dir, settings.model_dir)
    made = HybridRetriever(
        store, folder, settings.encoder_en, settings.encoder_multi, open_vectors=vectors
    )
    made.load()
    return made


@pytest.fixture(scope="module")
def real_hybrid(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    return _with_real_encoders(tmp_path_factory.mktemp("index"), LocalVectors.open)


@pytest.mark.models
class TestRealHybrid(RetrieverSuite):
    @pytest.fixture
    def retriever(self, real_hybrid: HybridRetriever) -> Retriever:
        real_hybrid.replace_all([])
        return real_hybrid


@pytest.fixture(scope="module")
def real_pgvector(
    vector_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> HybridRetriever:
    vectors = partial(PgVectors.open, vector_engine)
    return _with_real_encoders(tmp_path_factory.mktemp("index"), vectors)


@pytest.mark.models
class TestRealPgVector(RetrieverSuite):
    @pytest.fixture
    def retriever(self, real_pgvector: HybridRetriever) -> Retriever:
        real_pgvector.replace_all([])
        return real_pgvector
