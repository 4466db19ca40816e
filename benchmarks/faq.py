"""The FAQ that the turn benchmark loads into every bot."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import ROOT

DEMO = ROOT / "knowledge" / "demo"


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """A pair, the phrasings a bot may learn from, and the ones kept back for asking."""

    id: str
    question: str
    answer: str
    known: tuple[str, ...]
    held_out: tuple[str, ...]


def load_faq(data: Path | None) -> tuple[list[FaqEntry], Path]:
    """StackFAQ's entries where ``data`` holds them, else the English demo base; and the file.

    Of each entry's rephrasings the last is never shown to a bot; it is what users type.
    """
    if data is not None and (file := data / "stackfaq" / "faq.json").exists():
        rows = json.loads(file.read_text("utf-8"))
        return [
            _entry(row["id"], row["question"], row["answers"][0], row["rephrasings"])
            for row in rows
        ], file
    file = DEMO / "en.jsonl"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [
        _entry(row["id"], row["question"], row["answer"], row["alternatives"]) for row in rows
    ], file


def _entry(entry_id: str, question: str, answer: str, rephrasings: list[str]) -> FaqEntry:
    one_line = " ".join(answer.split())
    return FaqEntry(
        entry_id, question, one_line, (question, *rephrasings[:-1]), tuple(rephrasings[-1:])
    )
