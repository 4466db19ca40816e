"""Input files: good rows are kept, bad ones are named with their line."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from web.evaluation.errors import UnreadableInput
from web.evaluation.files import read_dialogues, read_entries, read_queries, schema


@pytest.mark.parametrize("name", ["entry", "query", "dialogue", "record", "result"])
def test_schemas_are_valid(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


def _write(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(lines))
    return path


def test_bad_rows_are_named_and_good_ones_kept(tmp_path: Path) -> None:
    file = _write(
        tmp_path / "q.jsonl",
        {"text": "how do i pay", "expect": "pay"},
        b"{not json",
        {"text": "two", "expect": "a", "expect_all": ["a", "b"]},
        {"expect": "a"},
        b'{"text": "\xff", "expect": null}',
        b"",
        {"text": "怎么付款", "expect": None, "kind": "near"},
    )
    rows = read_queries(file)
    assert [q.text for q in rows.good] == ["how do i pay", "怎么付款"]
    assert [q.lang for q in rows.good] == ["en", "zh"]
    assert [(e.file, e.line) for e in rows.errors] == [
        ("q.jsonl", 2),
        ("q.jsonl", 3),
        ("q.jsonl", 4),
        ("q.jsonl", 5),
    ]
    assert "'text' is a required property" in rows.errors[2].message
    assert "UTF-8" in rows.errors[3].message


def test_a_file_without_a_good_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"q\.jsonl:1"):
        read_queries(_write(tmp_path / "q.jsonl", {"text": 5}))
    with pytest.raises(UnreadableInput, match="cannot read"):
        read_queries(tmp_path / "missing.jsonl")


def test_entries_take_a_language_and_unique_ids(tmp_path: Path) -> None:
    file = _write(
        tmp_path / "kb.jsonl",
        {"id": "a", "question": "How?", "answer": "So."},
        {"id": "b", "question": "怎么办？", "answer": "这样。", "alternatives": ["如何"]},
        {"id": "a", "question": "Again?", "answer": "No."},
    )
    rows = read_entries(file)
    assert [(row["id"], row["lang"]) for row in rows.good] == [("a", "en"), ("b", "zh")]
    assert "line 1" in rows.errors[0].message


def test_dialogues_name_the_bad_turn(tmp_path: Path) -> None:
    file = _write(
        tmp_path / "d.jsonl",
        {"turns": [{"user": "hi", "expect": None}, {"user": "and roaming?", "expect_any": ["r"]}]},
        {"turns": [{"user": "hi"}]},
    )
    rows = read_dialogues(file)
    assert [[turn.text for turn in turns] for turns in rows.good] == [["hi", "and roaming?"]]
    assert rows.errors[0].line == 2
