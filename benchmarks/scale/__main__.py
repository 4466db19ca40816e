"""The command: the index alone at every size, the whole retriever at those that are asked for."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.scale import index, texts, whole
from retrieval.models import ModelStore
from retrieval.training.progress import progress
from web.settings import Settings

_SIZES = (10_000, 100_000, 1_000_000)
_WHOLE = (10_000,)
_POOL = 10_000
_QUERIES = 1_000
_WIDE = 120


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    options = _options(arguments)
    settings = Settings()
    store = ModelStore(settings.cache_dir, settings.model_dir)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    body: dict[str, Any] = {"index": [], "retriever": []}
    messages = texts.messages(options.seed)
    with progress(console) as tell:
        for size in options.whole:
            base = texts.entries(size, options.data, options.seed)
            with tempfile.TemporaryDirectory(prefix="grapevine-scale-") as folder:
                body["retriever"].append(whole.measure(base, messages, store, Path(folder), tell))
            _save(options, body)
        if options.entries:
            pool = _pool(options, store, tell)
            queries = whole.encoded(messages[:_QUERIES], "message", store, tell)
            body["likeness"] = index.likeness(pool, queries, options.seed)
        for size in options.entries:
            body["index"].append(index.measure(size, pool, queries, options.seed, tell))
            _save(options, body)
    console.print(_index_table(body["index"]))
    console.print(_whole_table(body["retriever"]))


def _pool(options: argparse.Namespace, store: ModelStore, tell: index.Tell) -> Any:
    found = texts.texts(options.data)
    step = max(1, len(found) // _POOL)
    return whole.encoded(found[::step][:_POOL], "phrasing", store, tell)


def _save(options: argparse.Namespace, body: dict[str, Any]) -> None:
    run = report.provenance(options.seed, texts.files(options.data))
    report.write(options.json, {**body, "run": run})


def _index_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="the index alone, two vectors an entry, one thread a search")
    for name in (
        *("entries", "kind", "fill min", "MB", "B/vector", "recall@10", "p50", "p99 ms"),
        *("edit p99 ms", "rebuild min", "meanwhile: p99", "edit p99", "wrong"),
    ):
        table.add_column(name, justify="right")
    for row in rows:
        again = row["while_rebuilding"]
        edits = again["edit_visible_ms"]
        wrong = row["edit_visible_ms"]["wrong"] + edits["wrong"]
        cells = (
            *(row["entries"], row["kind"], row["fill_minutes"], row["index_mb"]),
            *(row["index_bytes_per_vector"], row["recall@10"]),
            *(row["search_ms"]["p50"], row["search_ms"]["p99"], row["edit_visible_ms"]["p99"]),
            *(again["minutes"], again["search_ms"]["p99"], edits.get("p99", "-")),
            wrong + again["deleted_entries_answered"],
        )
        table.add_row(*map(str, cells))
    return table


def _whole_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="the retriever, milliseconds a search")
    for name in ("entries", "messages", "p50", "p95", "encoding p50", "ranking p50"):
        table.add_column(name, justify="right")
    for row in rows:
        for name, found in row["search"].items():
            cells = (
                *(row["entries"], name, found["ms"]["p50"], found["ms"]["p95"]),
                *(found["encoding_ms"]["p50"], found["ranking_ms"]["p50"]),
            )
            table.add_row(*map(str, cells))
        edits = row["edit_visible_ms"]
        table.add_row(str(row["entries"]), "an edit shows", str(edits["p50"]), str(edits["p95"]))
        minutes = f"{row['rebuild_minutes']} min"
        table.add_row(str(row["entries"]), "read and built anew", minutes)
    return table


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--entries", type=int, nargs="*", default=_SIZES, help="sizes of the index alone"
    )
    parser.add_argument(
        "--whole", type=int, nargs="*", default=_WHOLE, help="sizes of the whole retriever"
    )
    parser.add_argument("--data", type=Path, help="folder of public sets, for more real texts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the result here")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
