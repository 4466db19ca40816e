"""What one process writes, all others answer; what one withdraws, none answers again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.instep.conftest import Other, eventually

pytestmark = pytest.mark.slow

RESET, CANCEL, BILL = (
    "How do I reset my router?",
    "How do I cancel my plan?",
    "When is my bill due?",
)
OFTEN = 30


def test_an_edit_a_disabling_and_a_deletion_reach_every_process(
    start: Callable[..., Other],
) -> None:
    both, writer = (start("one"), start("two")), start("writer", follows=False)
    writer.write(
        {"entry_id": "reset", "question": RESET},
        {"entry_id": "cancel", "question": CANCEL},
        {"entry_id": "bill", "question": BILL},
    )
    for one in both:
        eventually(lambda one=one: {"reset", "cancel", "bill"} <= one.ask(RESET).keys())
    edited = "How do I put my router back to factory settings?"
    writer.write(
        {"entry_id": "reset", "question": edited},
        {"entry_id": "cancel", "status": "disabled"},
        {"entry_id": "bill", "status": "deleted"},
    )
    for one in both:
        eventually(lambda one=one: one.ask(edited) == {"reset": 2})
    for text in (RESET, CANCEL, BILL) * OFTEN:
        assert [one.ask(text) for one in both] == [{"reset": 2}, {"reset": 2}]
    for one in both:
        found = one.check()
        assert found["ok"], found
        # Question, alternative and whole, by either encoder.
        assert (found["entries"], found["vectors"]) == (1, 6)
    writer.write({"entry_id": "cancel"})
    for one in both:
        eventually(lambda one=one: one.ask(CANCEL).get("cancel") == 3)


def test_a_process_that_joins_late_answers_as_the_others(start: Callable[..., Other]) -> None:
    first, writer = start("one"), start("writer", follows=False)
    writer.write({"entry_id": "reset", "question": RESET}, {"entry_id": "bill", "question": BILL})
    writer.write({"entry_id": "bill", "status": "disabled"})
    late = start("late")
    assert late.ask(BILL) == {"reset": 1}
    eventually(lambda: first.ask(BILL) == {"reset": 1})
    assert first.check()["ok"]
    assert late.check()["ok"]
