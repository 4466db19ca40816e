"""The encoders of the product, and the one the fast tests use, held to the same suite."""

from __future__ import annotations

import pytest

from retrieval.encoder import Ct2Encoder
from retrieval.errors import NotLoaded
from retrieval.models import ModelStore
from retrieval.types import Encoder
from tests.conformance.encoder_suite import EncoderSuite
from tests.retrieval.hashing import HashingEncoder
from web.settings import Settings


def real(name: str) -> Encoder:
    settings = Settings()
    encoder = Ct2Encoder(name, ModelStore(settings.cache_dir, settings.model_dir))
    with pytest.raises(NotLoaded):
        encoder.encode(["too early"])
    encoder.load()
    return encoder


class TestHashing(EncoderSuite):
    @pytest.fixture
    def encoder(self) -> Encoder:
        made = HashingEncoder()
        made.load()
        return made


@pytest.fixture(scope="module")
def english() -> Encoder:
    return real(Settings().encoder_en)


@pytest.fixture(scope="module")
def multilingual() -> Encoder:
    return real(Settings().encoder_multi)


@pytest.mark.models
class TestEnglish(EncoderSuite):
    @pytest.fixture
    def encoder(self, english: Encoder) -> Encoder:
        return english


@pytest.mark.models
class TestMultilingual(EncoderSuite):
    @pytest.fixture
    def encoder(self, multilingual: Encoder) -> Encoder:
        return multilingual
