from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.entry_vectors import LocalVectors, OpenVectors
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.types import Entry
from tests.retrieval.hashing import HashingEncoder
from web.settings import Settings


def entry(
    entry_id: str,
    question: str,
    *alternatives: str,
    answer: str = "An answer of a few words.",
    **fields: object,
) -> Entry:
    values: dict[str, object] = {"revision": 1, "lang": "en", **fields}
    return Entry(id=entry_id, question=question, answer=answer, alternatives=alternatives, **values)  # type: ignore[arg-type]


SMALL_BASE = (
    entry("router-reset", "How do I reset my router?", "Put the router back to factory settings"),
    entry("router-restart", "How do I restart my router?", "Turn the router off and on again"),
    entry("cancel-mobile", "How do I cancel my mobile contract?", "End my phone plan"),
    entry("cancel-broadband", "How do I cancel my broadband contract?", "End my home internet"),
    entry("roaming", "What does roaming cost in Switzerland?", "Price of data abroad"),
    entry(
        "zh-roaming", "在瑞士漫游怎么收费？", "国外流量多少钱", lang="zh", translation_of="roaming"
    ),
    entry("zh-invoice", "发票在哪里下载？", "怎么拿电子发票", lang="zh"),
)


def small_retriever(
    folder: Path,
    *,
    version: str = "1",
    open_vectors: OpenVectors = LocalVectors.open,
    on_progress: Callable[[int, int], None] | None = None,
) -> HybridRetriever:
    return HybridRetriever(
        ModelStore(folder / "cache"),
        folder / "index",
        HashingEncoder("hash-en", 64, version),
        HashingEncoder("hash-multi", 96, version),
        open_vectors=open_vectors,
        on_progress=on_progress,
    )


@pytest.fixture
def retriever(tmp_path: Path) -> HybridRetriever:
    """A loaded retriever over SMALL_BASE, with hashed vectors."""
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE)
    return made


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    """The store of real models that set-up filled; fetches what is missing."""
    settings = Settings()
    return ModelStore(settings.cache_dir, settings.model_dir)


@pytest.fixture(scope="session")
def real_retriever(
    model_store: ModelStore, tmp_path_factory: pytest.TempPathFactory
) -> HybridRetriever:
    """A loaded, empty retriever with the real encoders; tests fill it with ``replace_all``."""
    settings = Settings()
    made = HybridRetriever(
        model_store,
        tmp_path_factory.mktemp("index"),
        settings.encoder_en,
        settings.encoder_multi,
    )
    made.load()
    return made
