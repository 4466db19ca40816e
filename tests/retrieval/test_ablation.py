"""Taking parts of the ranking out, and the bases and messages that speed is measured with."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial

import numpy as np
import pytest

from benchmarks import ablation_parts, choice_model
from benchmarks.choice_model import Case
from benchmarks.fit_calibration import Asked, fit, held_out
from benchmarks.speed_texts import LARGE, LENGTHS, large_base, length_of, messages, small_base
from benchmarks.turn_model import TurnCase
from retrieval.calibration import Calibration
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates
from retrieval.turns import BESIDE, Turn
from retrieval.types import Lang

_IDS = ("one", "two", "three")
_TELLS = FEATURES.index("met")


def _asked(count: int) -> list[Asked]:
    """Questions whose right entry shows in one feature alone, of five sources."""
    rng = np.random.default_rng(1)
    made = []
    for number in range(count):
        right = int(rng.integers(3))
        rows = rng.normal(0, 0.1, (3, len(FEATURES)))
        rows[right, _TELLS] += 1.0
        found = Candidates(_IDS, ("en-en",) * 3, rows, np.zeros(len(QUERY_FEATURES)))
        gold = {_IDS[right]} if rng.random() < 0.7 else set()
        source = f"set{number % 5}"
        case = Case.of(source, "en", found, {key: key for key in _IDS}, gold)
        made.append(Asked(source, "", case))
    return made


def _hits(asked: list[Asked]) -> float:
    judged, _ = held_out(asked, (), ("a", "b"))
    found = [one.case.best(w.utilities(one.case.found)).argmax() for one, w in judged]
    wanted = [one.case.gold for one, _ in judged]
    covered = [n for n, gold in enumerate(wanted) if gold is not None]
    return float(np.mean([found[n] == wanted[n] for n in covered]))


def test_without_its_one_telling_feature_the_ranking_is_a_guess() -> None:
    asked = _asked(300)
    without = ablation_parts.parts()
    changed = {part.name: part.change(asked) for part in without}
    assert _hits(changed["nothing taken out"]) > 0.9
    assert _hits(changed["… BM25"]) > 0.9
    assert _hits(changed["late interaction"]) < 0.6
    assert np.abs(asked[0].case.found.rows[:, _TELLS]).max() > 0.5, "what was asked is as it was"


def test_every_feature_is_taken_out_by_some_part() -> None:
    rows = np.ones((1, len(FEATURES)))
    found = Candidates(("one",), ("worded",), rows, np.ones(len(QUERY_FEATURES)))
    case = Case.of("set", "en", found, {"one": "one"}, {"one"})
    gone = np.zeros(len(FEATURES)), np.zeros(len(QUERY_FEATURES))
    for part in [*ablation_parts.parts(), *ablation_parts.worded_parts()]:
        changed = part.change([Asked("set", "", case)])[0].case.found
        gone[0][changed.rows[0] == 0.0] += 1
        gone[1][changed.query == 0.0] += 1
    assert all(gone[0]), FEATURES
    assert all(gone[1]), QUERY_FEATURES


def test_without_the_classifier_an_entry_is_compared_as_others_are() -> None:
    rows = np.ones((2, len(FEATURES)))
    query = np.ones(len(QUERY_FEATURES))
    found = Candidates(("a", "b"), ("worded", "cross"), rows, query)
    changed = ablation_parts.unlearnt(found)
    assert changed.pairs == ("en-en", "cross")
    assert changed.rows[:, FEATURES.index("lift")].tolist() == [0.0, 0.0]
    assert changed.query[QUERY_FEATURES.index("worded")] == 0.0


def test_rescaling_can_be_left_out() -> None:
    asked = [Asked(one.source, "", one.case, usual=True) for one in _asked(200)]
    plain = Calibration(("a", "b"), *choice_model.fit([one.case for one in asked]))
    left = fit(asked, (), ("a", "b"), rescale=False, network=False)
    assert np.allclose(left.none["en"], plain.none["en"])
    assert not np.allclose(fit(asked, (), ("a", "b"), network=False).none["en"], plain.none["en"])


def test_a_turn_is_read_in_one_way_alone() -> None:
    one, other = (
        Candidates(_IDS, ("en-en",) * 3, np.full((3, len(FEATURES)), x), np.zeros(1))
        for x in (1.0, 2.0)
    )
    turn = TurnCase.of(
        "set", "turn", "en", Turn(one, other, np.ones((3, len(BESIDE))), "may"), {"one"}
    )
    alone, behind, unsaid = (
        change([turn])[0].turn
        for change in (
            ablation_parts.alone,
            ablation_parts.behind,
            partial(ablation_parts.without_beside, ("added",)),
        )
    )
    assert alone.context is one
    assert behind.alone is other
    assert (unsaid.alone, unsaid.context) == (one, other)
    assert not alone.beside.any()
    assert not unsaid.beside[:, 0].any()
    assert unsaid.beside[:, 1:].all()
    assert behind.beside.all()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_speed_is_measured_on_entries_that_nobody_is_asked_about(lang: Lang) -> None:
    base = large_base(lang)
    assert len({entry.id for entry in base}) == len(base) == LARGE
    assert len(small_base(lang)) == 60
    count = len if lang == "zh" else lambda text: len(text.split())
    asked = messages(lang, count, 20, random.Random(1))
    for length, some in asked.items():
        assert len(some) == 20
        assert {length_of(count(one.text)) for one in some} == {length}
        assert all(one.history for one in some)
    texts = Counter(text for entry in base for text in (entry.question, *entry.alternatives))
    assert not any(texts[one.text] for some in asked.values() for one in some)
    assert tuple(asked) == LENGTHS
