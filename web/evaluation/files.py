"""Reading the input files of an evaluation, row by row, keeping every good row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Generic, TypeVar

from jsonschema import Draft202012Validator

from web.evaluation.errors import UnreadableInput
from web.evaluation.expectation import Expectation

T = TypeVar("T")

_HAN_START, _HAN_END = "\u3400", "\u9fff"


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was left out: where it stands and what is wrong with it."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Question:
    """One text to ask and what it expects."""

    text: str
    expected: Expectation
    kind: str
    lang: str


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """The good rows of a file and the errors of the others."""

    good: tuple[T, ...]
    errors: tuple[RowError, ...]


@cache
def schema(name: str) -> dict[str, Any]:
    """The JSON Schema ``name`` ("entry", "query", "dialogue", "record", "result")."""
    text = resources.files("web.evaluation").joinpath("schemas", f"{name}.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def read_entries(path: Path) -> Rows[dict[str, Any]]:
    """Read knowledge-base entries. Raises UnreadableInput where no row is usable."""
    good: list[dict[str, Any]] = []
    errors: list[RowError] = []
    seen: dict[str, int] = {}
    for line, row in _rows(path, "entry", errors):
        if (first := seen.setdefault(row["id"], line)) != line:
            errors.append(RowError(path.name, line, f"id {row['id']!r} stands in line {first} too"))
            continue
        good.append({**row, "lang": row.get("lang") or language_of(row["question"])})
    return _usable(path, good, errors)


def read_queries(path: Path) -> Rows[Question]:
    """Read single questions. Raises UnreadableInput where no row is usable."""
    good: list[Question] = []
    errors: list[RowError] = []
    for line, row in _rows(path, "query", errors):
        try:
            good.append(_question(row, row["text"]))
        except ValueError as error:
            errors.append(RowError(path.name, line, str(error)))
    return _usable(path, good, errors)


def read_dialogues(path: Path) -> Rows[tuple[Question, ...]]:
    """Read dialogues, each a tuple of its turns. Raises UnreadableInput where none is usable."""
    good: list[tuple[Question, ...]] = []
    errors: list[RowError] = []
    for line, row in _rows(path, "dialogue", errors):
        try:
            good.append(tuple(_question(turn, turn["user"]) for turn in row["turns"]))
        except ValueError as error:
            errors.append(RowError(path.name, line, str(error)))
    return _usable(path, good, errors)


def language_of(text: str) -> str:
    """ "zh" where the text holds a Han character, else "en"."""
    return "zh" if any(_HAN_START <= char <= _HAN_END for char in text) else "en"


def _question(row: dict[str, Any], text: str) -> Question:
    return Question(
        text=text,
        expected=Expectation.of(row),
        kind=str(row.get("kind") or ""),
        lang=str(row.get("lang") or language_of(text)),
    )


def _rows(path: Path, kind: str, errors: list[RowError]) -> Iterator[tuple[int, dict[str, Any]]]:
    validator = Draft202012Validator(schema(kind))
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"cannot read {path}: {error.strerror}") from error
    for number, data in enumerate(raw.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        if not data.strip():
            continue
        try:
            row = json.loads(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            errors.append(RowError(path.name, number, f"byte {error.start + 1} is not UTF-8"))
            continue
        except json.JSONDecodeError as error:
            errors.append(RowError(path.name, number, f"not JSON at column {error.colno}"))
            continue
        problem = next(iter(validator.iter_errors(row)), None)
        if problem is not None:
            where = "/".join(str(part) for part in problem.absolute_path) or "row"
            errors.append(RowError(path.name, number, f"{where}: {problem.message[:200]}"))
            continue
        yield number, row


def _usable(path: Path, good: Sequence[T], errors: Sequence[RowError]) -> Rows[T]:
    if not good:
        first = f"; the first error: {errors[0]}" if errors else ""
        raise UnreadableInput(f"{path} holds no usable row{first}")
    return Rows(tuple(good), tuple(errors))
