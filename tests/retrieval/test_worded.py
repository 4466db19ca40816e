"""Entries with many phrasings: what is learnt from them, and when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import choice_model
from retrieval.calibration import Calibration, shares
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates
from retrieval.hybrid import HybridRetriever
from retrieval.types import Entry
from retrieval.worded import LEAST, learn
from tests.retrieval.conftest import SMALL_BASE, small_retriever

_THINGS = ("router", "invoice", "parcel")
_WAYS = (
    *("where is my {}", "the {} please", "help with the {}", "{} again", "a {} question"),
    *("{} broken", "about one {}", "my {} is late", "send the {}"),
)


def _entry(thing: str, revision: int = 1, ways: tuple[str, ...] = _WAYS) -> Entry:
    texts = [way.format(thing) for way in ways]
    return Entry(thing, revision, "en", texts[0], "-", tuple(texts[1:]))


@pytest.fixture
def worded(tmp_path: Path) -> HybridRetriever:
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all([*SMALL_BASE, *(_entry(thing) for thing in _THINGS)])
    made.settle()
    return made


def test_what_phrasings_have_in_common_is_learnt() -> None:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(4, 12))
    groups = {
        str(n): (centre + rng.normal(scale=0.7, size=(LEAST + n, 12))).astype(np.float32)
        for n, centre in enumerate(centres)
    }
    found = learn(groups)
    assert found is not None
    assert set(found.ids) == set(groups)
    for n, centre in enumerate(centres):
        lifts = found.lifts(centre.astype(np.float32))
        assert max(lifts, key=lifts.__getitem__) == str(n)
        assert all(0.0 <= lift <= 1.0 for lift in lifts.values())


def test_few_phrasings_teach_nothing() -> None:
    rows = np.eye(LEAST, 12, dtype=np.float32)
    assert learn({}) is None
    assert learn({"one": rows, "two": rows[:-1]}) is None


def test_entries_with_many_phrasings_are_known_by_them(worded: HybridRetriever) -> None:
    found = {r.entry_id: r.features for r in worded.search("is the parcel late").ranked}
    assert found["parcel"]["lift"] > 0.3
    assert found["parcel"]["lift"] > found["router"]["lift"]
    assert all(row["lift"] == 0.0 for key, row in found.items() if key not in _THINGS)
    assert worded.candidates("is the parcel late", "en").query[-1] == 1.0


def test_an_ordinary_base_is_left_alone(tmp_path: Path) -> None:
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE)
    made.settle()
    found = made.candidates("how do i reset my router", "en")
    assert "worded" not in found.pairs
    assert found.query[-1] == 0.0
    assert not found.rows[:, FEATURES.index("lift")].any()


def test_edits_count_at_once_and_are_learnt_afterwards(worded: HybridRetriever) -> None:
    worded.upsert([_entry("telescope")])
    assert worded.search("where is my telescope").ranked[0].entry_id == "telescope"
    worded.settle()
    assert worded.search("where is my telescope").ranked[0].features["lift"] > 0.3
    worded.remove(["telescope"])
    assert "telescope" not in {r.entry_id for r in worded.search("where is my telescope").ranked}
    worded.settle()
    assert "telescope" not in {r.entry_id for r in worded.search("where is my telescope").ranked}
    worded.replace_all(SMALL_BASE)
    worded.settle()
    assert "worded" not in worded.candidates("where is my telescope", "en").pairs


def test_what_cannot_be_learnt_does_not_stop_searches(
    worded: HybridRetriever, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: object) -> None:
        raise MemoryError("too many")

    monkeypatch.setattr("retrieval.hybrid.learn", fails)
    worded.upsert([_entry("telescope")])
    worded.settle()
    assert "learning from entries with many phrasings failed" in caplog.text
    assert worded.search("where is my telescope").ranked[0].entry_id == "telescope"


def _cases(count: int) -> list[choice_model.Case]:
    """Questions whose right candidate is drawn by known weights of the lift."""
    rng = np.random.default_rng(3)
    weights = np.zeros(len(FEATURES))
    weights[[0, FEATURES.index("lift")]] = 2.0, 6.0
    cases = []
    for _ in range(count):
        rows = rng.uniform(0, 1, size=(5, len(FEATURES)))
        p = shares(rows @ weights, 5.0)
        drawn = int(rng.choice(6, p=np.append(p, 1 - p.sum())))
        query = np.zeros(len(QUERY_FEATURES))
        query[-1] = 1.0
        found = Candidates(tuple("abcde"), ("worded",) * 5, rows, query)
        gold = {"abcde"[drawn]} if drawn < 5 else set()
        cases.append(choice_model.Case.of("x", "en", found, {c: c for c in "abcde"}, gold))
    return cases


def test_their_weights_are_fitted_and_no_others() -> None:
    entry = np.zeros(len(FEATURES) + 1)
    entry[0] = 1.0
    none = np.zeros(len(QUERY_FEATURES) + 1)
    before = Calibration(("a", "b"), {"en-en": entry}, {"en": none, "zh": none.copy()})
    after = choice_model.with_worded(before, _cases(1500))
    lift = after.entry["worded"][FEATURES.index("lift")]
    assert 4.0 < lift < 8.0
    assert lift > after.entry["worded"][1]
    np.testing.assert_array_equal(after.entry["en-en"], entry)
    np.testing.assert_array_equal(after.none["en"][:-2], none[:-2])
    assert not none.any()
