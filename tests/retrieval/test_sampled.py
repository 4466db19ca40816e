"""A sampled mean is the whole mean while keys are few, near to it when they are many, and does not
run dry when most of them go."""

from __future__ import annotations

import numpy as np

from retrieval.sampled import SampledMean
from retrieval.types import Vectors

DIM = 8


def vectors(count: int) -> dict[str, Vectors]:
    rows = np.random.default_rng(3).normal(1.0, 1.0, (count, DIM)).astype(np.float32)
    return {f"entry-{n}": row for n, row in enumerate(rows)}


def test_it_is_exact_while_keys_are_few() -> None:
    mean, rows = SampledMean(DIM), vectors(1_000)
    np.testing.assert_array_equal(mean.mean(), np.zeros(DIM))
    mean.update(rows)
    mean.discard("entry-7")
    mean.discard("unknown")
    mean.update({"entry-8": rows["entry-9"]})
    wanted = {**rows, "entry-8": rows["entry-9"]}
    del wanted["entry-7"]
    np.testing.assert_allclose(mean.mean(), np.mean(list(wanted.values()), axis=0), atol=1e-5)
    assert mean.widened(wanted) == []


def test_of_many_it_keeps_a_sample_that_no_order_of_edits_changes() -> None:
    one, other, rows = SampledMean(DIM), SampledMean(DIM), vectors(20_000)
    one.update(rows)
    for key in reversed(rows):
        other.update({key: rows[key]})
    assert 256 <= len(one) <= 1_024
    np.testing.assert_allclose(one.mean(), other.mean(), atol=1e-5)
    np.testing.assert_allclose(one.mean(), np.mean(list(rows.values()), axis=0), atol=0.2)


def test_when_most_keys_go_it_asks_for_others() -> None:
    mean, rows = SampledMean(DIM), vectors(20_000)
    mean.update(rows)
    left = [f"entry-{n}" for n in range(40)]
    for key in rows.keys() - set(left):
        mean.discard(key)
    mean.update({key: rows[key] for key in mean.widened(left)})
    assert len(mean) == 40
    np.testing.assert_allclose(mean.mean(), np.mean([rows[key] for key in left], axis=0), atol=1e-5)
