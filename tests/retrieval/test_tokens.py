"""Late interaction: by hand, against loops, and through eight bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.tokens import EntryTokens, entry_reading, interact, packed, unpacked
from retrieval.types import Reading, Vectors


def rows(*vectors: tuple[float, ...]) -> Vectors:
    found = np.array(vectors, dtype=np.float32)
    result: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
    return result


def shares(count: int) -> Vectors:
    return np.full(count, 1 / count, dtype=np.float32)


def reading(tokens: Vectors, weights: Vectors | None = None) -> Reading:
    return Reading(tokens[0], tokens, shares(len(tokens)) if weights is None else weights)


def random_rows(rng: np.random.Generator, count: int, dim: int = 8) -> Vectors:
    return rows(*(tuple(row) for row in rng.normal(size=(count, dim))))


def test_a_message_that_is_met_in_full_and_one_that_is_not() -> None:
    plan, price, refund = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
    entry = EntryTokens(packed(rows(plan, price)), packed(rows(plan, price)), shares(2))
    met, asked, unmet = interact(reading(rows(plan, price)), [entry])[0]
    assert (met, asked, unmet) == pytest.approx((1.0, 1.0, 0.0), abs=0.01)
    met, asked, unmet = interact(reading(rows(plan, refund)), [entry])[0]
    assert (met, asked, unmet) == pytest.approx((0.5, 0.5, 0.5), abs=0.01)


def test_a_weighty_word_without_a_counterpart_counts_more() -> None:
    plan, refund = (1.0, 0.0), (0.0, 1.0)
    entry = EntryTokens(packed(rows(plan)), packed(rows(plan)), shares(1))
    heavy = np.array([0.1, 0.9], dtype=np.float32)
    light = np.array([0.9, 0.1], dtype=np.float32)
    found = [interact(reading(rows(plan, refund), w), [entry])[0] for w in (heavy, light)]
    assert found[0][0] < found[1][0]
    assert found[0][2] > found[1][2]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_it_is_what_loops_over_pairs_would_give(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    message = reading(random_rows(rng, 5), rng.dirichlet(np.ones(5)).astype(np.float32))
    entries = []
    for size in sizes:
        asked = random_rows(rng, max(1, size // 2))
        entries.append(
            EntryTokens(packed(random_rows(rng, size)), packed(asked), shares(len(asked)))
        )
    found = interact(message, entries)
    for row, entry in zip(found, entries, strict=True):
        every, asked = unpacked(entry.all), unpacked(entry.asked)
        best = [max(float(token @ other) for other in every) for token in message.tokens]
        back = [max(float(token @ mine) for mine in message.tokens) for token in asked]
        assert row[0] == pytest.approx(float(message.weights @ np.array(best)), abs=1e-4)
        assert row[1] == pytest.approx(float(entry.weights @ np.array(back)), abs=1e-4)
        squares = np.square(np.maximum(0, 1 - np.array(best)))
        assert row[2] == pytest.approx(float(message.weights @ squares), abs=1e-4)


def test_eight_bits_keep_the_angle() -> None:
    given_ = random_rows(np.random.default_rng(3), 200, 96)
    again = unpacked(packed(given_))
    cosines = (given_ * again).sum(axis=1) / np.linalg.norm(again, axis=1)
    assert float(cosines.min()) > 0.999


def test_an_entry_keeps_the_tokens_of_its_whole_and_of_its_alternatives() -> None:
    rng = np.random.default_rng(1)
    question, other, whole = (reading(random_rows(rng, n)) for n in (3, 4, 6))
    kept = entry_reading([question, other], whole)
    assert len(kept.vectors) == 3
    assert len(kept.tokens.all) == 10
    assert len(kept.tokens.asked) == len(kept.tokens.weights) == 3


def test_no_entries_give_no_rows() -> None:
    assert interact(reading(rows((1.0, 0.0))), []).shape == (0, 3)
