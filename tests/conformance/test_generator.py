"""The generators of the house against the conformance suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from generation.ctranslate import CTranslate2Generator
from generation.types import Generator
from retrieval.models import ModelStore
from tests.conformance.generator_suite import GeneratorSuite


@pytest.fixture(scope="module")
def smollm() -> Iterator[CTranslate2Generator]:
    generator = CTranslate2Generator(
        lambda: ModelStore().ensure("smollm2-135m"), intra_threads=1, deadline_s=60.0
    )
    generator.load()
    yield generator
    generator.close()


@pytest.mark.models
@pytest.mark.slow
class TestCTranslate2Generator(GeneratorSuite):
    @pytest.fixture
    def generator(self, smollm: CTranslate2Generator) -> Generator:
        return smollm
