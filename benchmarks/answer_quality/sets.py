"""The public sets and the demo base, read from their own files."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import ROOT
from retrieval.errors import RetrievalError
from retrieval.training.labels import CLINC, LABELLED, clinc150, labelled_rows
from retrieval.types import Entry
from web.evaluation.errors import UnreadableInput
from web.evaluation.expectation import Expectation
from web.evaluation.files import Question, read_entries, read_queries

DEMO, _CLINC, _STACKFAQ = "demo", "clinc150", "stackfaq"
#: The sets by the names of the evaluation contract: a folder and a file's beginning.
_LABELLED = {name.replace("-", "_"): columns for name, columns in LABELLED.items()}
NAMES = (*_LABELLED, _CLINC, _STACKFAQ, DEMO)
#: Labels that the sets give to questions which no other label fits.
_OUTSIDE = {"NO_NODES_DETECTED", "oos"}
_PLACEHOLDER = "-"
_DEMO = ROOT / "knowledge" / "demo"


@dataclass(frozen=True, slots=True)
class FaqSet:
    """A base with answers. ``rows``: questions kept for asking; ``held``: by entry, phrasings of
    which one is asked in turn while the others are known."""

    name: str
    entries: tuple[Entry, ...]
    rows: tuple[Question, ...] = ()
    held: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Questions by label. ``outside`` fit none; ``kept`` were kept for validation by the set."""

    name: str
    groups: Mapping[str, tuple[str, ...]]
    outside: tuple[str, ...] = ()
    kept: tuple[Question, ...] = ()


def question(text: str, *expected: str) -> Question:
    """An English question that one of ``expected`` answers; nothing does where none is given."""
    return Question(text, Expectation(expected), "", "en")


def read_set(name: str, data: Path | None) -> FaqSet | LabelSet | None:
    """The set ``name``, None where ``data`` does not hold it. Raises RetrievalError where its file
    cannot be read."""
    if name == DEMO:
        return _demo()
    path = file_of(name, data)
    if data is None or path is None or not path.is_file():
        return None
    if name == _STACKFAQ:
        return _stackfaq(path)
    if name == _CLINC:
        groups, outside = clinc150(data)
        raw = json.loads(path.read_text("utf-8"))
        kept = [_labelled(*pair) for part in ("val", "oos_val") for pair in raw.get(part, ())]
        return LabelSet(name, _sorted(groups), tuple(outside), tuple(kept))
    found: dict[str, list[str]] = defaultdict(list)
    for one in read_rows(name, path):
        found[one.expected.ids[0]].append(one.text)
    return LabelSet(name, _sorted(found))


def file_of(name: str, data: Path | None) -> Path | None:
    """Where the training file of a set would lie."""
    if data is None or name == DEMO:
        return None
    if name == _CLINC:
        return data / CLINC
    return data / ("stackfaq/faq.json" if name == _STACKFAQ else _LABELLED[name][0])


def read_rows(name: str, path: Path) -> list[Question]:
    """The questions of a file in the layout of the set's training file.

    Raises RetrievalError that says what is wrong with it.
    """
    try:
        if name in _LABELLED:
            return [_labelled(*pair) for pair in labelled_rows(path, *_LABELLED[name][1:])]
        if name == DEMO:
            return list(read_queries(path).good)
        raw = json.loads(path.read_text("utf-8"))
        if name == _STACKFAQ:
            return [question(text, row["id"]) for row in raw for text in row["rephrasings"]]
        parts = raw.values() if isinstance(raw, dict) else [raw]
        return [_labelled(text, label) for part in parts for text, label in part]
    except (OSError, ValueError, KeyError, TypeError, UnreadableInput) as error:
        raise RetrievalError(
            f"{path} is no file of {name}: {error!r}. It must be laid out like the training file."
        ) from error


def base_of(groups: Mapping[str, tuple[str, ...]]) -> tuple[Entry, ...]:
    """A label as an entry: its questions are question and alternatives; it has no answer."""
    return tuple(
        Entry(label, 1, "en", texts[0], _PLACEHOLDER, alternatives=texts[1:])
        for label, texts in groups.items()
        if texts
    )


def _labelled(text: str, label: str) -> Question:
    return question(text) if label in _OUTSIDE else question(text, label)


def _sorted(groups: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {label: tuple(texts) for label, texts in sorted(groups.items())}


def _stackfaq(path: Path) -> FaqSet:
    rows = json.loads(path.read_text("utf-8"))
    entries = tuple(Entry(r["id"], 1, "en", r["question"], r["answers"][0]) for r in rows)
    return FaqSet(_STACKFAQ, entries, held={r["id"]: tuple(r["rephrasings"]) for r in rows})


def _demo() -> FaqSet:
    entries = tuple(
        Entry(
            *(raw["id"], 1, raw["lang"], raw["question"], raw["answer"]),
            alternatives=tuple(raw.get("alternatives", ())),
            translation_of=raw.get("translation_of"),
        )
        for name in ("en.jsonl", "zh.jsonl")
        for raw in read_entries(_DEMO / name).good
    )
    return FaqSet(DEMO, entries, tuple(read_rows(DEMO, _DEMO / "questions.jsonl")))
