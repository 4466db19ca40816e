"""Networks that correct the logit, and how they are fitted."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.choice_model import Case
from retrieval.calibration import Calibration, shares
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates, Pair
from retrieval.network import WIDTH, Layer, Network

_COUNT = 4


def _candidates(best: list[float], pair: Pair = "en-en") -> Candidates:
    rows = np.zeros((len(best), len(FEATURES)))
    rows[:, 0] = best
    ids = tuple(f"e{number}" for number in range(len(best)))
    return Candidates(ids, (pair,) * len(best), rows, np.zeros(len(QUERY_FEATURES)))


def _network(out: float = 0.0) -> Network:
    """The nearer an entry is, the likelier; the nearer the one that leads, the less is nothing."""
    near = np.zeros((1, WIDTH + 1))
    near[0, 0] = 1.0
    entry = Layer(near, np.array([out, 0.0]))
    none = Layer(np.insert(near, WIDTH, 0.0, axis=1), np.array([-out, 0.0]))
    return Network(np.zeros(WIDTH), np.ones(WIDTH), 1.0, entry, none)


def test_a_network_that_has_learnt_nothing_changes_nothing() -> None:
    found = _candidates([0.9, 0.5, 0.1])
    utilities = np.array([2.0, 1.0, -1.0])
    entries, none = _network().corrected(found, utilities, 0.5, "en")
    np.testing.assert_allclose(entries, utilities)
    assert none == 0.5


def test_the_entry_that_leads_speaks_for_itself_and_against_nothing() -> None:
    flat = np.zeros(3)
    near, none_near = _network(1.0).corrected(_candidates([0.1, 0.9, 0.3]), flat, 0.0, "en")
    far, none_far = _network(1.0).corrected(_candidates([0.1, 0.4, 0.3]), flat, 0.0, "en")
    assert near[1] > far[1] > far[2]
    assert none_near < none_far < 0


def test_entries_with_many_phrasings_are_left_to_their_classifier() -> None:
    network = _network(1.0).scaled(2.0, {"en": 0.0, "zh": 0.0})
    utilities = np.array([2.0, 1.0])
    entries, none = network.corrected(_candidates([0.9, 0.1], "worded"), utilities, 0.5, "en")
    np.testing.assert_allclose(entries, utilities)
    assert none == 0.5
    mixed = replace(_candidates([0.9, 0.1]), pairs=("worded", "en-en"))
    entries, none = network.corrected(mixed, utilities, 0.5, "en")
    assert entries[0] == pytest.approx(4.0)
    assert none == pytest.approx(1.0)


def test_a_message_without_words_of_its_own_is_left_to_the_logit() -> None:
    found = _candidates([0.9, 0.3])
    found.query[QUERY_FEATURES.index("no_words")] = 1.0
    utilities = np.array([2.0, 1.0])
    entries, none = _network(1.0).corrected(found, utilities, 0.5, "en")
    np.testing.assert_allclose(entries, utilities)
    assert none == 0.5


def test_no_candidates_are_no_fault() -> None:
    entries, none = _network(1.0).corrected(_candidates([]), np.zeros(0), 0.5, "zh")
    assert len(entries) == 0
    assert none == 0.5


def test_scaling_keeps_the_order_and_shifts_one_language() -> None:
    found, utilities = _candidates([0.9, 0.5, 0.1]), np.array([0.3, 0.2, 0.1])
    plain, none = _network(1.0).corrected(found, utilities, 0.5, "zh")
    scaled = _network(1.0).scaled(0.5, {"en": 3.0, "zh": 1.0})
    entries, outside = scaled.corrected(found, utilities, 0.5, "zh")
    np.testing.assert_allclose(entries, plain * 0.5)
    assert outside == pytest.approx(none * 0.5 + 1.0)


def test_weights_survive_the_file() -> None:
    rng = np.random.default_rng(1)
    layers = [Layer(rng.normal(size=(5, w + 1)), rng.normal(size=6)) for w in (WIDTH, WIDTH + 1)]
    network = Network(rng.normal(size=WIDTH), np.ones(WIDTH), 0.8, *layers, {"en": 0.1, "zh": -0.2})
    again = Network.from_json(json.loads(json.dumps(network.to_json())))
    found, utilities = _candidates([0.9, 0.5, 0.1]), np.array([0.3, 0.2, 0.1])
    for lang in ("en", "zh"):
        before, after = (one.corrected(found, utilities, 0.5, lang) for one in (network, again))
        np.testing.assert_allclose(before[0], after[0], atol=1e-3)
        assert before[1] == pytest.approx(after[1], abs=1e-3)


def _planted(seed: int, count: int) -> list[Case]:
    """Nothing answers where two features of the leading entry disagree: no sum tells that."""
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        found = _candidates(rng.uniform(0.0, 0.6, _COUNT).tolist())
        first, covered = int(rng.integers(_COUNT)), bool(rng.random() < 0.5)
        found.rows[first, 0] = 0.8
        found.rows[first, 4:6] = (
            rng.permutation([0.2, 0.8]) if not covered else rng.choice([0.2, 0.8])
        )
        cases.append(Case("planted", "en", found, np.arange(_COUNT), first if covered else None))
    return cases


@pytest.mark.slow
def test_fitting_learns_what_a_sum_cannot_tell() -> None:
    from benchmarks.network_model import with_network

    entry, none = np.zeros(len(FEATURES) + 1), np.zeros(len(QUERY_FEATURES) + 1)
    entry[0], none[-1] = 10.0, 8.0
    plain = Calibration(("a", "b"), {"en-en": entry}, {"en": none, "zh": none})
    fitted = with_network(plain, _planted(1, 5_000))

    def loss(weights: Calibration) -> float:
        total = 0.0
        for case in _planted(2, 300):
            p = shares(*weights.both(case.found, case.lang))
            total -= np.log(1.0 - p.sum() if case.gold is None else p[case.gold])
        return total / 300

    assert loss(fitted) < 0.3 < loss(plain)
