"""The hybrid retriever held to the suite, with hashed vectors and with the real encoders."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.errors import NotLoaded
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
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
def real_hybrid(tmp_path_factory: pytest.TempPathFactory) -> HybridRetriever:
    settings = Settings()
    made = HybridRetriever(
        ModelStore(settings.cache_dir, settings.model_dir),
        tmp_path_factory.mktemp("index"),
        settings.encoder_en,
        settings.encoder_multi,
    )
    made.load()
    return made


@pytest.mark.models
class TestRealHybrid(RetrieverSuite):
    @pytest.fixture
    def retriever(self, real_hybrid: HybridRetriever) -> Retriever:
        real_hybrid.replace_all([])
        return real_hybrid
