"""The companies kept for validation, as the full path is asked about them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.companies import WORLDS, dialogues_of, entries_of, questions_of
from retrieval.training.worlds import World, read_worlds
from web.evaluation.files import read_entries


@pytest.mark.parametrize("world", read_worlds(WORLDS), ids=lambda world: world.name)
def test_a_company_is_asked_as_its_file_says(world: World, tmp_path: Path) -> None:
    path = tmp_path / "kb.jsonl"
    path.write_text("\n".join(map(json.dumps, entries_of(world))), encoding="utf-8")
    taken = read_entries(path)
    assert (len(taken.good), taken.errors) == (60, ())
    ids = {entry["id"] for entry in taken.good}
    questions = questions_of(world)
    assert all(set(question.expected.ids) <= ids for question in questions)
    assert Counter(question.kind for question in questions) == {
        **dict.fromkeys(("terse", "slang", "story", "paraphrase", "cross", "near"), 60),
        "far": 20,
    }
    assert all(q.expected.covered == (q.kind not in ("near", "far")) for q in questions)
    assert {q.lang for q in questions if q.kind != "cross"} == {world.lang}
    doubles = questions_of(world, double=True)
    assert len(doubles) == 8
    assert all(q.expected.all_of and len(q.expected.ids) == 2 for q in doubles)
    dialogues = dialogues_of(world)
    assert len(dialogues) == 10
    assert all(len(turns) >= 3 for turns in dialogues)
    assert all(set(turn.expected.ids) <= ids for turns in dialogues for turn in turns)
