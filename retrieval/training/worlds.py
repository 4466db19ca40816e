"""Worlds: a company's base, and questions whose answers in it are known.

A file is JSON lines: one with ``world``, ``company`` and ``lang``; one an entry (``id``,
``question``, ``alternatives``, ``answer``) with its ``asks`` by kind ("cross" is in the other
language) and its ``near`` misses, which no entry answers; and lines with ``far``, ``ambiguous``
(``text``, ``either``), ``double`` (``text``, ``both``) and ``dialogues`` (turns of ``user`` and
``expect``, an id or null).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.errors import RetrievalError
from retrieval.types import Entry, Lang

_OTHER: Mapping[str, Lang] = {"en": "zh", "zh": "en"}


@dataclass(frozen=True, slots=True)
class Ask:
    """A question; ``gold`` are the ids that answer it, none where it is not covered.

    Of a "double" question each of them answers a part, of an "ambiguous" one either may be meant.
    ``history`` holds what the same customer said before, oldest first; ``kind`` is then "turn".
    """

    text: str
    gold: tuple[str, ...]
    kind: str
    lang: Lang
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """A base and its questions."""

    name: str
    lang: Lang
    entries: tuple[Entry, ...]
    asks: tuple[Ask, ...]


def read_worlds(folder: Path) -> list[World]:
    """Every world of a folder, by name. Raises RetrievalError where a file cannot be read."""
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise RetrievalError(f"There is no world (*.jsonl) in {folder}.")
    return [read_world(path) for path in paths]


def read_world(path: Path) -> World:
    """Read one file. Raises RetrievalError with the line that is wrong."""
    rows = list(_rows(path))
    try:
        head = next(row for row in rows if "world" in row)
        lang: Lang = "zh" if head["lang"] == "zh" else "en"
        entries = tuple(_entry(row, lang) for row in rows if "id" in row)
        return World(
            name=head["world"],
            lang=lang,
            entries=entries,
            asks=tuple(ask for row in rows for ask in _asks(row, lang)),
        )
    except (StopIteration, KeyError, TypeError) as error:
        raise RetrievalError(f"{path} is no world: {error!r} is missing or wrong.") from error


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except ValueError as error:
                raise RetrievalError(f"{path}, line {number}: {error}.") from error


def _entry(row: Mapping[str, Any], lang: Lang) -> Entry:
    return Entry(
        id=row["id"],
        revision=1,
        lang=lang,
        question=row["question"],
        answer=row["answer"],
        alternatives=tuple(row.get("alternatives", ())),
    )


def _asks(row: Mapping[str, Any], lang: Lang) -> Iterator[Ask]:
    if "id" in row:
        for kind, text in row["asks"].items():
            yield Ask(text, (row["id"],), kind, _OTHER[lang] if kind == "cross" else lang)
        for text in row["near"]:
            yield Ask(text, (), "near", lang)
    for text in row.get("far", ()):
        yield Ask(text, (), "far", lang)
    for one in row.get("ambiguous", ()):
        yield Ask(one["text"], tuple(one["either"]), "ambiguous", lang)
    for one in row.get("double", ()):
        yield Ask(one["text"], tuple(one["both"]), "double", lang)
    for turns in row.get("dialogues", ()):
        said: tuple[str, ...] = ()
        for turn in turns:
            gold = (turn["expect"],) if turn["expect"] is not None else ()
            yield Ask(turn["user"], gold, "turn", lang, said)
            said = (*said, turn["user"])
