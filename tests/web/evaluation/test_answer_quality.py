"""Public sets as the benchmark cuts, asks and judges them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.answer_quality import __main__ as command
from benchmarks.answer_quality.scores import (
    Prediction,
    as_asked,
    best_threshold,
    correlation,
    figures,
    thresholds,
)
from benchmarks.answer_quality.sets import FaqSet, LabelSet, question, read_rows, read_set
from benchmarks.answer_quality.trials import trials_of
from retrieval.errors import RetrievalError

_THINGS = ("router", "invoice", "parcel", "password", "roaming", "contract", "fibre", "alarm")
_WAYS = ("where is my {}", "the {} please", "help with the {}", "{} again", "a {} question", "{}?")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of public sets with a few questions each."""
    rows = [(way.format(thing), thing.upper()) for thing in _THINGS for way in _WAYS]
    for path, columns in (
        ("hint3/curekart_train.csv", ("sentence", "label")),
        ("banking77/train.csv", ("text", "category")),
    ):
        _csv(tmp_path / path, columns, rows)
    clinc = {
        "train": [[text, label] for text, label in rows],
        "val": [["my router", "ROUTER"]],
        "oos_train": [["who won the match", "oos"]],
        "oos_val": [["what is love", "oos"]],
    }
    _json(tmp_path / "clinc150/train_val.json", clinc)
    faq = [
        {"id": thing, "question": f"Where is the {thing}?", "answers": [f"The {thing} is here."],
         "rephrasings": [f"find the {thing}", f"looking for my {thing}"]}
        for thing in _THINGS
    ]  # fmt: skip
    _json(tmp_path / "stackfaq/faq.json", faq)
    return tmp_path


def _csv(path: Path, columns: tuple[str, str], rows: list[tuple[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])


def _json(path: Path, body: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body), encoding="utf-8")


def test_what_is_asked_is_never_known(data: Path) -> None:
    for name in ("hint3_curekart", "clinc150", "stackfaq", "demo"):
        found = read_set(name, data)
        assert found is not None
        for trial in trials_of(found):
            known = {t for e in trial.entries for t in (e.question, *e.alternatives)}
            ids = {entry.id for entry in trial.entries}
            assert trial.rows
            assert not known & {row.text for row in trial.rows}
            assert all(set(row.expected.ids) <= ids for row in trial.rows)


def test_every_question_of_a_small_set_is_held_out_once(data: Path) -> None:
    found = read_set("hint3_curekart", data)
    assert isinstance(found, LabelSet)
    folds = trials_of(found)
    asked = Counter(row.text for fold in folds for row in fold.rows)
    assert sum(asked.values()) == len(_THINGS) * len(_WAYS)
    assert set(asked.values()) == {1}
    assert all(any(not row.expected.ids for row in fold.rows) for fold in folds)
    assert {len(fold.entries) for fold in folds} == {len(_THINGS) - 1}


def test_a_test_file_is_asked_of_all_that_is_known(data: Path, tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    rows = [("lost router", "ROUTER"), ("how are you", "NO_NODES_DETECTED")]
    _csv(test, ("sentence", "label"), rows)
    found = read_set("hint3_curekart", data)
    assert found is not None
    *folds, last = trials_of(found, read_rows("hint3_curekart", test))
    assert not any(fold.reported for fold in folds)
    assert last.rows == (question("lost router", "ROUTER"), question("how are you"))
    assert sum(1 + len(e.alternatives) for e in last.entries) == len(_THINGS) * len(_WAYS)
    stack = read_set("stackfaq", data)
    assert isinstance(stack, FaqSet)
    (*_, whole) = trials_of(stack, [question("x", "router")])
    assert all(len(entry.alternatives) == 2 for entry in whole.entries)
    kept = read_set("clinc150", data)
    assert kept is not None
    assert trials_of(kept)[-1].rows == (question("my router", "ROUTER"), question("what is love"))


def _prediction(part: str, expect: str, given: str, score: float) -> Prediction:
    row = question("q", *((expect,) if expect else ()))
    return Prediction("set", part, row, ((given, score),), 0.001)


def test_a_threshold_is_chosen_on_other_trials() -> None:
    one = [_prediction("1", "a", "a", 0.8), _prediction("1", "", "a", 0.6)]
    two = [_prediction("2", "a", "a", 0.4), _prediction("2", "", "a", 0.2)]
    limits = thresholds([*one, *two])
    assert limits["set", "1"] <= 0.4
    assert 0.6 < limits["set", "2"] <= 0.8
    found = figures([*one, *two], limits)
    assert found["hit@1"] == 1.0
    assert found["in-scope accuracy"] == 0.5
    assert found["out-of-scope recall"] == 0.5
    assert found["auroc"] == 0.75
    assert thresholds(one) == {("set", "1"): 0.5}


def test_the_best_threshold_parts_right_from_wrong() -> None:
    some = [_prediction("1", label, label, 0.9) for label in "abc"]
    some += [_prediction("1", "", label, 0.3) for label in "abc"]
    some += [_prediction("1", "a", "b", 0.3)]
    assert correlation(some, best_threshold(some)) > correlation(some, 0.0)
    assert 0.3 < best_threshold(some) <= 0.9


def test_a_record_is_that_of_an_evaluation() -> None:
    asked = as_asked(_prediction("1", "a", "a", 0.97))
    assert asked.record["route"] == "answer"
    assert asked.record["outcome"] == "right"
    silent = as_asked(Prediction("set", "1", question("q"), (), 0.001))
    assert silent.record["outcome"] == "declined_right"


def test_the_command_writes_figures_and_predictions(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test, out = tmp_path / "test.json", tmp_path / "out.json"
    _json(test, {"test": [["my fibre", "FIBRE"]], "oos_test": [["what is love", "oos"]]})
    command.main(
        ["--data", str(data), "--test", f"clinc150={test}", "--sets", "clinc150", "stackfaq",
         "--arm", "BM25", "--json", str(out)]
    )  # fmt: skip
    found = json.loads(out.read_text(encoding="utf-8"))
    clinc = found["sets"]["clinc150"]
    assert clinc["parts"] == ["test"]
    assert clinc["arms"]["BM25"]["hit@1"] == 1.0
    assert [p["expect"] for p in clinc["arms"]["BM25"]["predictions"]] == [["FIBRE"], []]
    assert found["sets"]["stackfaq"]["arms"]["BM25"]["mcc"] is None
    assert set(found["run"]["data"]) >= {"train_val.json", "faq.json", "test.json"}
    assert "BM25" in capsys.readouterr().out


@pytest.mark.models
def test_this_product_is_asked_too(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command.main(["--sets", "demo", "--arm", "grapevine", "--json", str(out)])
    found = json.loads(out.read_text(encoding="utf-8"))["sets"]["demo"]
    assert found["arms"]["grapevine"]["hit@1"] > 0.8
    assert found["summary"]["all"]["count"] == 120


def test_a_file_of_another_layout_is_refused(data: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="laid out like the training file"):
        command.main(["--data", str(data), "--test", f"banking77={wrong}", "--sets", "banking77"])
    with pytest.raises(RetrievalError, match="wrong"):
        read_rows("stackfaq", wrong)
    with pytest.raises(SystemExit, match="--data DIR"):
        command.main(["--test", f"banking77={wrong}", "--sets", "banking77"])
