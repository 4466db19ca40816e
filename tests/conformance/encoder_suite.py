"""What every Encoder has to keep. Inherit the class and give it a loaded ``encoder``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retrieval.types import Encoder, TextKind

KINDS: tuple[TextKind, ...] = ("message", "phrasing", "whole")
TEXTS = (
    "How do I reset my router?",
    "cancel my mobile contract",
    "怎么重置路由器？",
    "a",
    "word " * 2_000,
    "🙂🙃",
    "",
    "\x00\u202e",
)


class EncoderSuite:
    """Subclasses provide the fixture ``encoder``."""

    def test_rows_are_float32_of_length_one(self, encoder: Encoder) -> None:
        rows = encoder.encode(TEXTS)
        assert rows.shape == (len(TEXTS), encoder.dim)
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-4)

    def test_a_text_has_one_vector_whatever_it_is_encoded_with(self, encoder: Encoder) -> None:
        together = encoder.encode(TEXTS)
        for number, text in enumerate(TEXTS):
            alone = encoder.encode([text])[0]
            assert float(alone @ together[number]) > 0.998

    def test_like_texts_lie_nearer_than_unlike_ones(self, encoder: Encoder) -> None:
        router, again, mobile = encoder.encode(
            ["How do I reset my router?", "resetting the router", "cancel my mobile contract"]
        )
        assert float(router @ again) > float(router @ mobile)

    def test_no_texts_give_no_rows(self, encoder: Encoder) -> None:
        assert encoder.encode([]).shape == (0, encoder.dim)

    def test_every_kind_of_text_is_encoded(self, encoder: Encoder) -> None:
        for kind in KINDS:
            rows = encoder.encode(TEXTS[:3], kind)
            np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-4)

    def test_a_text_is_read_as_it_is_encoded_with_its_tokens_weighed(
        self, encoder: Encoder
    ) -> None:
        for kind in KINDS:
            vectors = encoder.encode(TEXTS, kind)
            for reading, vector in zip(encoder.read(TEXTS, kind), vectors, strict=True):
                assert float(reading.vector @ vector) > 0.998
                assert reading.tokens.shape == (len(reading.weights), encoder.token_dim)
                assert len(reading.tokens) >= 1
                lengths = np.linalg.norm(reading.tokens, axis=1)
                np.testing.assert_allclose(lengths, 1.0, atol=1e-3)
                assert float(reading.weights.sum()) == pytest.approx(1.0, abs=1e-3)
                assert np.all(reading.weights >= 0)

    def test_reading_no_texts_gives_nothing(self, encoder: Encoder) -> None:
        assert encoder.read([]) == []

    def test_threads_get_what_one_would_get(self, encoder: Encoder) -> None:
        expected = [encoder.encode([text])[0] for text in TEXTS[:4]]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda i: encoder.encode([TEXTS[i % 4]])[0], range(40)))
        for number, row in enumerate(found):
            np.testing.assert_allclose(row, expected[number % 4], atol=1e-5)

    def test_it_is_known_by_name_and_version(self, encoder: Encoder) -> None:
        assert encoder.name
        assert encoder.version != encoder.name
