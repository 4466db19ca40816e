"""How a turn is read alone and in its conversation, and how that is fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.turn_model import TurnCase, fit_turns, judge_turns, probabilities
from retrieval.calibration import Calibration
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates
from retrieval.turns import BESIDE, LEANING, TURN_FEATURES, Leaning, Turn, believed

_IDS = ("one", "two", "three")
_BESIDE = np.zeros((len(_IDS), len(BESIDE)))


def _candidates(best: int, strength: float) -> Candidates:
    rows = np.zeros((len(_IDS), len(FEATURES)))
    rows[best, 0] = strength
    return Candidates(_IDS, ("en-en",) * len(_IDS), rows, np.zeros(len(QUERY_FEATURES)))


def _weights() -> Calibration:
    entry, none = np.zeros(len(FEATURES) + 1), np.zeros(len(QUERY_FEATURES) + 1)
    entry[0] = 1.0
    return Calibration(("a", "b"), {"en-en": entry}, {"en": none})


def _cases(count: int, seed: int) -> list[TurnCase]:
    """Of messages that lean, the reading in context is right; of others that alone."""
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        alone, context = (int(n) for n in rng.permutation(3)[:2])
        leaning: Leaning = "leans" if rng.random() < 0.5 else "stands"
        right = context if leaning == "leans" else alone
        if rng.random() < 0.1:
            right = int(rng.integers(3))
        turn = Turn(_candidates(alone, 4.0), _candidates(context, 4.0), _BESIDE, leaning)
        gold = set() if rng.random() < 0.1 else {_IDS[right]}
        kind = "turn" if rng.random() < 0.5 else "change"
        cases.append(TurnCase.of("x", kind, "en", turn, gold))
    return cases


def test_the_reading_that_was_right_is_believed() -> None:
    fitted = fit_turns(_weights(), _cases(300, 1))
    assert fitted.turn["leans"][1] > fitted.turn["leans"][0] + 0.5
    assert fitted.turn["stands"][0] > fitted.turn["stands"][1] + 0.5
    fresh = _cases(300, 2)
    before = judge_turns([(case, _weights()) for case in fresh])
    after = judge_turns([(case, fitted) for case in fresh])
    for kind in ("turn", "change"):
        assert after[f"{kind} hit@1"] > before[f"{kind} hit@1"] + 0.2
        assert 0.0 <= after[f"{kind} silent"] <= 1.0


def test_unfitted_weights_read_a_turn_alone() -> None:
    weights = _weights()
    turn = Turn(_candidates(0, 4.0), _candidates(1, 4.0), _BESIDE, "may")
    assert set(weights.turn) == set(LEANING.values())
    utilities, none = weights.of_turn(turn, "en")
    np.testing.assert_allclose(utilities, weights.utilities(turn.alone))
    assert none == weights.utility_of_none(turn.alone, "en")


def test_new_words_speak_for_the_entries_that_hold_them() -> None:
    flat = (np.zeros(2), 0.0)
    weights = np.zeros(len(TURN_FEATURES))
    weights[TURN_FEATURES.index("added")], weights[-1] = 2.0, 0.5
    beside = np.zeros((2, len(BESIDE)))
    beside[1, 0] = 1.0
    utilities, none = believed(weights, flat, flat, beside)
    np.testing.assert_allclose(utilities, [0.0, 2.0])
    assert none == 0.5


def test_a_right_entry_that_was_not_found_teaches_nothing() -> None:
    case = _cases(1, 3)[0]
    lost = TurnCase.of("x", "turn", "en", case.turn, {"elsewhere"})
    assert lost.covered
    assert not lost.gold
    some = [one for one in _cases(40, 4) if one.turn.leaning != "may"]
    one = fit_turns(_weights(), some).turn["leans"]
    other = fit_turns(_weights(), [*some, replace(lost, kind="turn")]).turn["leans"]
    np.testing.assert_allclose(one, other)
    assert len(probabilities(lost, _weights())) == len(_IDS)
