"""The public sets and the demo base, read from their own files."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import ROOT
from retrieval.errors import RetrievalError
from retrieval.types import Entry, Lang

DEMO = "demo"
#: Where the training file of each set lies, and what its columns are called.
_CSV = {
    **{f"hint3_{bot}": (f"hint3/{bot}_train.csv", "sentence", "label")
       for bot in ("curekart", "powerplay11", "sofmattress")},
    "banking77": ("banking77/train.csv", "text", "category"),
}  # fmt: skip
_CLINC, _STACKFAQ = "clinc150", "stackfaq"
NAMES = (*_CSV, _CLINC, _STACKFAQ, DEMO)
#: Labels that the sets give to questions which no other label fits.
_OUTSIDE = {"NO_NODES_DETECTED", "oos"}
_PLACEHOLDER = "-"
_DEMO_FILES = ("en.jsonl", "zh.jsonl")


@dataclass(frozen=True, slots=True)
class Row:
    """A question and the ids that answer it; none where it is not covered."""

    text: str
    expect: tuple[str, ...]
    lang: Lang = "en"
    kind: str = ""


@dataclass(frozen=True, slots=True)
class FaqSet:
    """A base with answers. ``rows``: questions kept for asking; ``held``: by entry, phrasings of
    which one is asked in turn while the others are known."""

    name: str
    entries: tuple[Entry, ...]
    rows: tuple[Row, ...] = ()
    held: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Questions by label. ``outside`` fit none; ``kept`` were kept for validation by the set."""

    name: str
    groups: Mapping[str, tuple[str, ...]]
    outside: tuple[str, ...] = ()
    kept: tuple[Row, ...] = ()


def read_set(name: str, data: Path | None) -> FaqSet | LabelSet | None:
    """The set ``name``, None where ``data`` does not hold it. Raises RetrievalError where its file
    cannot be read."""
    if name == DEMO:
        return _demo()
    path = file_of(name, data)
    if path is None or not path.is_file():
        return None
    if name == _STACKFAQ:
        return _stackfaq(path)
    if name == _CLINC:
        return _clinc(path)
    groups: dict[str, list[str]] = defaultdict(list)
    for row in read_rows(name, path):
        groups[row.expect[0]].append(row.text)
    return LabelSet(name, {label: tuple(texts) for label, texts in sorted(groups.items())})


def file_of(name: str, data: Path | None) -> Path | None:
    """Where the training file of a set would lie."""
    if data is None or name == DEMO:
        return None
    if name == _CLINC:
        return data / "clinc150" / "train_val.json"
    return data / "stackfaq" / "faq.json" if name == _STACKFAQ else data / _CSV[name][0]


def read_rows(name: str, path: Path) -> list[Row]:
    """The questions of a file in the layout of the set's training file.

    Raises RetrievalError that says what is wrong with it.
    """
    try:
        if name in _CSV:
            _, text, label = _CSV[name]
            with path.open(encoding="utf-8-sig", newline="") as stream:
                return [_labelled(row[text], row[label]) for row in csv.DictReader(stream)]
        if name == _CLINC:
            return [_labelled(text, label) for text, label in _clinc_pairs(path)]
        if name == _STACKFAQ:
            return [
                Row(text, (row["id"],))
                for row in json.loads(path.read_text("utf-8"))
                for text in row["rephrasings"]
            ]
        return [_asked(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RetrievalError(
            f"{path} is no file of {name}: {error!r}. It must be laid out like the training file."
        ) from error


def _labelled(text: str, label: str) -> Row:
    return Row(text, () if label in _OUTSIDE else (label,))


def _clinc_pairs(path: Path) -> Iterable[tuple[str, str]]:
    raw = json.loads(path.read_text("utf-8"))
    parts = raw.values() if isinstance(raw, dict) else [raw]
    return [(str(text), str(label)) for part in parts for text, label in part]


def _clinc(path: Path) -> LabelSet:
    raw = json.loads(path.read_text("utf-8"))
    groups: dict[str, list[str]] = defaultdict(list)
    for text, label in raw["train"]:
        groups[label].append(text)
    kept = [_labelled(*pair) for part in ("val", "oos_val") for pair in raw.get(part, ())]
    outside = tuple(text for text, _ in raw.get("oos_train", ()))
    made = {label: tuple(texts) for label, texts in sorted(groups.items())}
    return LabelSet(_CLINC, made, outside, tuple(kept))


def _stackfaq(path: Path) -> FaqSet:
    rows = json.loads(path.read_text("utf-8"))
    entries = tuple(Entry(r["id"], 1, "en", r["question"], r["answers"][0]) for r in rows)
    return FaqSet(_STACKFAQ, entries, held={r["id"]: tuple(r["rephrasings"]) for r in rows})


def _demo() -> FaqSet:
    folder = ROOT / "knowledge" / "demo"
    entries = []
    for name in _DEMO_FILES:
        for line in (folder / name).read_text("utf-8").splitlines():
            raw = json.loads(line)
            entries.append(
                Entry(
                    *(raw["id"], 1, raw["lang"], raw["question"], raw["answer"]),
                    alternatives=tuple(raw.get("alternatives", ())),
                    translation_of=raw.get("translation_of"),
                )
            )
    return FaqSet(DEMO, tuple(entries), tuple(read_rows(DEMO, folder / "questions.jsonl")))


def _asked(raw: Mapping[str, Any]) -> Row:
    wanted = raw.get("expect_any") or raw.get("expect_all") or raw.get("expect")
    ids = [wanted] if isinstance(wanted, str) else list(wanted or ())
    lang: Lang = "zh" if raw.get("lang") == "zh" else "en"
    return Row(raw["text"], tuple(ids), lang, raw.get("kind", ""))


def base_of(groups: Mapping[str, tuple[str, ...]]) -> tuple[Entry, ...]:
    """A label as an entry: its questions are question and alternatives; it has no answer."""
    return tuple(
        Entry(label, 1, "en", texts[0], _PLACEHOLDER, alternatives=texts[1:])
        for label, texts in groups.items()
        if texts
    )
