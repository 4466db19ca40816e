from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import choice_model, fit_calibration
from benchmarks.calibration_worlds import (
    AVERAGE,
    ENERGY,
    SHOP,
    all_worlds,
    energy_worlds,
    shop_worlds,
)
from retrieval.calibration import DEFAULT_FILE, Calibration, shares
from retrieval.errors import RetrievalError
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates, Query, candidates_for
from retrieval.hybrid import HybridRetriever

UTILITIES = st.lists(st.floats(-700, 700), max_size=12)


@given(UTILITIES, st.floats(-700, 700))
def test_shares_are_probabilities_and_keep_the_order(values: list[float], none: float) -> None:
    p = shares(values, none)
    assert len(p) == len(values)
    assert np.all((p >= 0) & (p <= 1))
    assert p.sum() <= 1 + 1e-9
    for one, other in zip(range(len(values)), range(1, len(values)), strict=False):
        assert (values[one] >= values[other]) == (p[one] >= p[other]) or p[one] == p[other]


def test_the_more_likely_none_is_the_less_is_left() -> None:
    assert shares([1.0, 0.0], 5.0).sum() < shares([1.0, 0.0], -5.0).sum()


def test_the_tracked_weights_fit_the_code_and_say_what_made_them() -> None:
    calibration = Calibration.read()
    assert set(calibration.entry) == {"en-en", "zh-zh", "cross", "worded"}
    assert set(calibration.none) == {"en", "zh"}
    raw = json.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    sources = raw["notes"]["questions (covered, not covered)"]
    assert {"shop-en", "shop-zh", "shop-cross", "banking77"} <= set(sources)
    assert any(source.startswith("company-en-") for source in sources)
    assert all(weights[-1] <= 0 or len(weights) > 1 for weights in raw["entry"].values())


def test_weights_for_other_features_are_refused(tmp_path: Path) -> None:
    raw = json.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    raw["features"] = raw["features"][:-1]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(RetrievalError, match="fit_calibration"):
        Calibration.read(path)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    calibration = Calibration.read()
    calibration.write(tmp_path / "again.json", {"fitted": "again"})
    again = Calibration.read(tmp_path / "again.json")
    for pair, weights in calibration.entry.items():
        np.testing.assert_allclose(again.entry[pair], weights)


def _planted(seed: int, count: int) -> list[choice_model.Case]:
    """Questions whose right candidate is drawn by known weights."""
    rng = np.random.default_rng(seed)
    weights = np.zeros(len(FEATURES))
    weights[[0, 4]] = 3.0, 5.0
    cases = []
    for _ in range(count):
        rows = rng.uniform(0, 1, size=(6, len(FEATURES)))
        p = shares(rows @ weights, 6.0)
        drawn = int(rng.choice(7, p=np.append(p, 1 - p.sum())))
        found = Candidates(
            ids=tuple(f"e{i}" for i in range(6)),
            pairs=("en-en",) * 6,
            rows=rows,
            query=np.zeros(len(QUERY_FEATURES)),
        )
        gold = None if drawn == 6 else drawn
        cases.append(choice_model.Case("planted", "en", found, np.arange(6), gold))
    return cases


def test_fitting_finds_planted_weights_and_calibrated_probabilities() -> None:
    cases = _planted(1, 3_000)
    covered = np.mean([case.gold is not None for case in cases])
    entry, none = choice_model.fit(cases)
    weights = entry["en-en"]
    assert weights[4] > weights[0] > 1.5
    assert np.abs(np.delete(weights[:-1], [0, 4])).max() < 1.0
    fitted = Calibration(fit_calibration.ENCODERS, entry, none)
    asked = [fit_calibration.Asked("planted", "", case) for case in _planted(2, 1_500)]
    figures = fit_calibration.judge([(one, fitted) for one in asked])
    assert figures["auroc"] > 0.6
    # The fit weighs covered questions as 75 %; where there are as many, p is honest.
    assert covered == pytest.approx(0.7, abs=0.2)
    assert figures["ece"] < 0.12


def test_rescaling_keeps_the_order_and_makes_p_hold_where_it_is_asked() -> None:
    cases = _planted(1, 2_000)
    true = Calibration(fit_calibration.ENCODERS, *choice_model.fit(cases))
    shy = replace(
        true,
        entry={pair: row * 0.5 for pair, row in true.entry.items()},
        none={lang: row * 0.5 + 1.5 for lang, row in true.none.items()},
    )
    again = choice_model.rescaled(shy, cases)
    scale = again.entry["en-en"][4] / shy.entry["en-en"][4]
    np.testing.assert_allclose(again.entry["en-en"], shy.entry["en-en"] * scale)
    asked = [fit_calibration.Asked("planted", "", case) for case in _planted(2, 1_500)]
    before = fit_calibration.judge([(one, shy) for one in asked])
    after = fit_calibration.judge([(one, again) for one in asked])
    assert after["hit@1"] == before["hit@1"]
    assert after["ece"] < 0.12 < before["ece"]


def test_usual_are_the_whole_bases_of_average_companies() -> None:
    worlds = list(all_worlds(None, fit_calibration.WORLDS))
    usual = [world for world in worlds if world.usual]
    average = sorted(p.stem for p in (fit_calibration.WORLDS / AVERAGE).glob("*.jsonl"))
    assert sorted(world.source for world in usual) == [f"company-{name}" for name in average]
    assert {len(world.entries) for world in usual} == {60}
    # Each company comes whole and in part, and the hard ones never count as usual.
    assert sum(world.source.startswith("company-") for world in worlds) > 2 * len(usual)


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    cases = _planted(3, 40)
    stack = choice_model.Stack.of(cases, *choice_model.scaling(cases))
    rng = np.random.default_rng(0)
    entry = rng.normal(size=(3, len(FEATURES) + 1))
    none = rng.normal(size=(2, len(QUERY_FEATURES) + 1))
    value, slope = stack.loss(entry, none)
    for place in (0, 4, len(FEATURES)):
        moved = entry.copy()
        moved[0, place] += 1e-6
        assert (stack.loss(moved, none)[0] - value) / 1e-6 == pytest.approx(slope[place], abs=1e-4)


def test_no_question_of_the_companies_is_in_their_base() -> None:
    import random

    assert SHOP.is_file()
    assert ENERGY.is_file()
    worlds = [*shop_worlds(random.Random(4)), *energy_worlds(random.Random(4))]
    for world in worlds:
        known = {t for e in world.entries for t in (e.question, *e.alternatives)}
        assert not known & {ask.text for ask in world.asks}
        ids = {entry.id for entry in world.entries}
        assert all(ask.gold <= ids for ask in world.asks)
        assert any(not ask.gold for ask in world.asks)
        assert any(ask.gold for ask in world.asks)


def test_a_placeholder_answer_does_not_move_the_ranking(retriever: HybridRetriever) -> None:
    text = "how do i reset the router"
    before = [r.entry_id for r in retriever.search(text).ranked]
    with retriever._locked() as catalogue:
        entries = [replace(p.entry, answer="-", revision=2) for p in catalogue.prepared.values()]
    retriever.upsert(entries)
    assert [r.entry_id for r in retriever.search(text).ranked][:2] == before[:2]


def test_features_lie_where_they_are_named(retriever: HybridRetriever) -> None:
    text = "How do I reset my router?"
    read = {space: e.read([text])[0] for space, e in retriever._encoders.items()}
    query = Query(text, "en", read)
    with retriever._locked() as catalogue:
        found = candidates_for(query, catalogue)
    row = dict(zip(FEATURES, found.rows[found.ids.index("router-reset")], strict=True))
    assert row["best"] == pytest.approx(1.0, abs=1e-4)
    assert row["met"] == row["asked"] == pytest.approx(1.0, abs=0.02)
    assert row["unmet"] == pytest.approx(0.0, abs=0.01)
    assert row["cover_phrasings"] == pytest.approx(1.0)
    assert row["overlap"] == pytest.approx(1.0)
    assert row["chars"] == pytest.approx(1.0)
    assert 0 < row["bm25"] <= 1
    other = dict(zip(FEATURES, found.rows[found.ids.index("router-restart")], strict=True))
    assert other["met"] < row["met"]
    assert other["unmet"] < row["unmet"]
    assert found.pairs[found.ids.index("zh-invoice")] == "cross"
