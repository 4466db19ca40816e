"""The correction as a versioned record, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, update

from knowledge.database import metadata, writing
from retrieval.correction import Correction
from web.corrections import AS_FITTED, CorrectionsError, CorrectionStore, corrections

NOW = datetime(2026, 1, 5, tzinfo=UTC)
FIRST, SECOND = Correction(1.2, 0.3), Correction(0.9, -0.125)


@pytest.fixture
def store(any_engine: Engine) -> CorrectionStore:
    metadata.create_all(any_engine, tables=[corrections])
    return CorrectionStore(any_engine, lambda: NOW)


def put(store: CorrectionStore, correction: Correction) -> int:
    return store.apply(correction, thumbs=4, verdicts=7, author="kim").revision


def test_before_any_change_probabilities_are_as_fitted(store: CorrectionStore) -> None:
    assert store.current() == AS_FITTED
    assert store.history() == (AS_FITTED,)
    with pytest.raises(CorrectionsError, match="nothing to undo"):
        store.undo(author="kim")


def test_a_change_is_a_revision_that_others_see(store: CorrectionStore, any_engine: Engine) -> None:
    other = CorrectionStore(any_engine)
    assert other.current() == AS_FITTED
    assert put(store, FIRST) == 1
    found = other.current()
    assert (found.correction, found.thumbs, found.verdicts, found.at) == (FIRST, 4, 7, NOW)
    assert put(store, FIRST) == 1  # it counts already
    assert put(store, SECOND) == 2
    assert other.current().correction == SECOND


def test_undoing_goes_back_step_by_step(store: CorrectionStore) -> None:
    put(store, FIRST)
    put(store, SECOND)
    back = store.undo(author="lee")
    assert (back.revision, back.correction, back.note) == (3, FIRST, "back to revision 1")
    assert store.undo(author="lee").correction == Correction()
    with pytest.raises(CorrectionsError, match="nothing to undo"):
        store.undo(author="lee")
    assert put(store, SECOND) == 5
    assert store.undo(author="lee").correction == Correction()
    assert [record.revision for record in store.history()] == [6, 5, 4, 3, 2, 1, 0]


def test_an_author_is_named(store: CorrectionStore) -> None:
    with pytest.raises(CorrectionsError, match="author"):
        store.apply(FIRST, thumbs=0, verdicts=1, author=" ")
    assert store.current() == AS_FITTED


def test_a_damaged_record_is_named(store: CorrectionStore, any_engine: Engine) -> None:
    put(store, FIRST)
    with writing(any_engine) as connection:
        connection.execute(update(corrections).values(scale=-1.0))
    with pytest.raises(CorrectionsError, match="revision 1 of the correction is damaged"):
        CorrectionStore(any_engine).current()
