"""``grapevine calibrate``: judged, fitted, applied, undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge.database import open_engine
from tests.web.cli.conftest import Verb
from tests.web.test_judging import World


@pytest.fixture
def engine(data_dir: Path) -> Iterator[Engine]:
    data_dir.mkdir()
    found = open_engine(f"sqlite:///{data_dir / 'grapevine.db'}")
    yield found
    found.dispose()


@pytest.fixture
def world(run_calibrate: Verb, engine: Engine) -> World:
    assert run_calibrate("history").code == 0  # makes the tables
    return World(engine)


def test_verdicts_are_fitted_applied_and_undone(
    world: World, run_calibrate: Verb, tmp_path: Path
) -> None:
    ids = [world.answer() for _ in range(30)]
    listed = run_calibrate("answers", "--limit", "50", "--json").json
    assert [one["message_id"] for one in listed] == ids[::-1]
    assert ids[-1] in run_calibrate("answers").out
    file = tmp_path / "verdicts.jsonl"
    rows = [json.dumps({"message_id": one, "verdict": "not-covered"}) for one in ids[1:]]
    file.write_text("\n".join(rows), encoding="utf-8")
    assert run_calibrate("import", str(file)).code == 0
    assert run_calibrate("verdict", ids[0], "not-covered", "--author", "kim").code == 0
    assert run_calibrate("answers", "--unjudged", "--json").json == []

    tried = run_calibrate("fit")
    assert "nothing is changed; --apply makes it count" in tried.out
    assert run_calibrate("show", "--json").json["record"]["revision"] == 0
    fitted = run_calibrate("fit", "--apply", "--author", "kim", "--note", "new base", "--json").json
    assert fitted["shift"] > 0.3
    assert fitted["record"]["revision"] == 1
    (part,) = fitted["held_out"]["parts"]
    assert part["log_loss_corrected"] < part["log_loss_fitted"]

    shown = run_calibrate("show", "--json").json
    assert (shown["record"]["shift"], shown["verdicts"], shown["thumbs"]) == (
        fitted["shift"],
        30,
        0,
    )
    assert all(one["corrected"] < 0.79 < one["fitted"] for one in shown["effect"]["bins"])
    assert "new base" in run_calibrate("history").out
    assert "verdicts" in run_calibrate("show").out
    assert "revision 2: scale 1.000, shift +0.000" in run_calibrate("undo").out
    assert [one["revision"] for one in run_calibrate("history", "--json").json] == [2, 1, 0]


def test_a_file_of_verdicts_is_taken_as_far_as_it_is_right(
    world: World, run_calibrate: Verb, tmp_path: Path
) -> None:
    good, other = world.answer(), world.answer()
    rows = [
        json.dumps({"message_id": good, "verdict": "right"}),
        "{",
        "",
        json.dumps({"message_id": "m-none", "verdict": "right"}),
        json.dumps({"message_id": other, "verdict": "perhaps"}),
        json.dumps({"message_id": other, "verdict": "wrong"}),
    ]
    file = tmp_path / "verdicts.jsonl"
    file.write_text("\n".join(rows), encoding="utf-8")
    done = run_calibrate("import", str(file))
    assert (done.code, "2 verdicts taken, 3 rows with errors" in done.out) == (3, True)
    for said in ("row 2: no JSON", "row 4: there is no answer", "row 5: there is no verdict"):
        assert said in done.err
    again = run_calibrate("import", str(file), "--json").json
    assert (again["taken"], [one["row"] for one in again["errors"]]) == (2, [2, 4, 5])
    file.write_text(rows[0], encoding="utf-8")
    assert run_calibrate("import", str(file)).code == 0
    assert [one.verdict for one in world.judged()] == ["right", "wrong"]


def test_what_cannot_be_used_is_told(world: World, run_calibrate: Verb) -> None:
    world.aftercare.rate(world.talk, world.answer("clarify"), "down")
    world.aftercare.rate(world.talk, world.answer(), "up")
    assert "1 thumbs or verdicts could not be used" in run_calibrate("show").out
    one = run_calibrate("fit")
    assert one.code == 0
    assert "it does not help there" in one.err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["fit"], 1, "nothing was judged yet"),
        (["undo"], 1, "nothing to undo"),
        (["verdict", "m-none", "right"], 1, "no answer 'm-none'"),
        (["verdict", "m-none", "fine"], 1, "use one of right, wrong, not-covered"),
        (["import", "nowhere.jsonl"], 2, "does not exist"),
    ],
)
def test_errors_are_one_sentence_on_stderr(
    run_calibrate: Verb, words: list[str], code: int, says: str
) -> None:
    done = run_calibrate(*words)
    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert "Traceback" not in done.err


def test_without_judgements_the_probabilities_are_as_fitted(run_calibrate: Verb) -> None:
    assert "the probabilities are as fitted" in run_calibrate("show").out
