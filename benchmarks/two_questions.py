"""How well messages that hold two questions are told from those that hold one.

``python -m benchmarks.two_questions [--worlds DIR …] [--json FILE]`` asks the companies that
calibration is fitted on, in their own language: messages with two questions, of which both answers
should be found, and single ones, which should not be taken apart. ``_SURE_PART`` in
``retrieval/search.py`` is chosen from this table.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import report
from benchmarks.calibration_worlds import AVERAGE, HARD
from benchmarks.fit_calibration import ENCODERS, WORLDS
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.training.worlds import World, read_worlds
from web.settings import Settings

_APART, _BOTH, _ASKED = "taken apart", "both answers", "asked"
_KINDS = ("double", "terse", "slang", "story", "paraphrase", "near", "far")


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    folders = [WORLDS / AVERAGE, WORLDS / HARD]
    parser.add_argument("--worlds", type=Path, nargs="+", default=folders, help="companies")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    worlds = [world for folder in options.worlds for world in read_worlds(folder)]
    counts = count(track(worlds, "companies asked"))
    table = Table("language", "kind", _ASKED, _APART, _BOTH, title="Two questions in one message")
    rows: list[dict[str, Any]] = []
    for lang, kind in sorted({(lang, kind) for lang, kind, _ in counts}):
        found = {name: counts[lang, kind, name] for name in (_ASKED, _APART, _BOTH)}
        rows.append({"lang": lang, "kind": kind, **found})
        table.add_row(lang, kind, *map(str, found.values()))
    Console().print(table)
    files = [path for folder in options.worlds for path in sorted(folder.glob("*.jsonl"))]
    report.write(options.json, {"counts": rows, "run": report.provenance(None, files)})


def count(worlds: Iterable[World]) -> Counter[tuple[str, str, str]]:
    """By language and kind: asked, taken apart, and both answers found (and no other)."""
    settings = Settings()
    counts: Counter[tuple[str, str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        store = ModelStore(settings.cache_dir, settings.model_dir)
        retriever = HybridRetriever(store, Path(folder), *ENCODERS)
        retriever.load()
        for world in worlds:
            retriever.replace_all(world.entries)
            for ask in world.asks:
                if ask.kind not in _KINDS or ask.lang != world.lang:
                    continue
                found = retriever.search(ask.text, lang=ask.lang)
                parts = int(found.features["parts"])
                shown = {one.entry_id for one in found.ranked[:parts]}
                counts[ask.lang, ask.kind, _ASKED] += 1
                counts[ask.lang, ask.kind, _APART] += parts > 1
                counts[ask.lang, ask.kind, _BOTH] += ask.kind == "double" and shown == set(ask.gold)
    return counts


if __name__ == "__main__":
    main()
