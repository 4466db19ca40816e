"""The retriever with its encoders over real texts: search by length, edits, rebuilding, disk."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.scale.index import Tell, percentiles
from retrieval.encoder import open_encoder
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.types import Entry, Vectors
from web.settings import Settings

_OF_EACH, _LOOKED_AT = 200, 1_200
_WARM = 20
_EDITS = 40
_LENGTHS = ((20, "up to 20 tokens"), (60, "21 to 60 tokens"), (10**9, "over 60 tokens"))


def measure(
    base: Sequence[Entry], messages: Sequence[str], store: ModelStore, folder: Path, tell: Tell
) -> dict[str, Any]:
    """All figures of a retriever that holds ``base``."""
    settings = Settings()
    names = settings.encoder_en, settings.encoder_multi
    before = psutil.Process().memory_info().rss
    retriever = HybridRetriever(
        store,
        folder,
        *names,
        on_progress=lambda done, of: tell(f"{len(base)} entries read", done, of),
    )
    retriever.load()
    started = time.perf_counter()
    retriever.replace_all(base)
    retriever.settle()
    filled = time.perf_counter() - started
    memory = psutil.Process().memory_info().rss - before
    groups = _by_length(messages, store)
    for text in next(iter(groups.values()))[:_WARM]:
        retriever.search(text)
    return {
        "entries": len(base),
        "rebuild_minutes": round(filled / 60, 2),
        "entries_per_s": round(len(base) / filled, 1),
        "process_bytes_per_entry": round(memory / len(base)),
        "search": {name: _searches(retriever, some) for name, some in groups.items()},
        "edit_visible_ms": _edits(retriever, base),
        "disk": _disk(retriever, store, folder, names, len(base)),
    }


def encoded(texts: Sequence[str], kind: str, store: ModelStore, tell: Tell) -> Vectors:
    """Vectors of texts by the English encoder."""
    encoder = open_encoder(Settings().encoder_en, store)
    encoder.load()
    found = []
    for start in range(0, len(texts), 256):
        some = texts[start : start + 256]
        found.append(encoder.encode(some, "message" if kind == "message" else "phrasing"))
        tell("texts encoded", start + len(some), len(texts))
    result: Vectors = np.concatenate(found)
    return result


def _by_length(messages: Sequence[str], store: ModelStore) -> dict[str, list[str]]:
    encoder = open_encoder(Settings().encoder_en, store)
    encoder.load()
    found: dict[str, list[str]] = {name: [] for _, name in _LENGTHS}
    for text in messages[:_LOOKED_AT]:
        if all(len(some) >= _OF_EACH for some in found.values()):
            break
        tokens = len(encoder.read([text])[0].tokens)
        some = found[next(name for most, name in _LENGTHS if tokens <= most)]
        if len(some) < _OF_EACH:
            some.append(text)
    return {name: some for name, some in found.items() if some}


def _searches(retriever: HybridRetriever, messages: Sequence[str]) -> dict[str, Any]:
    whole, stages = [], []
    for text in messages:
        started = time.perf_counter()
        evidence = retriever.search(text)
        whole.append(1e3 * (time.perf_counter() - started))
        stages.append(evidence.ms)
    return {
        "messages": len(messages),
        "ms": percentiles(whole, 50, 95),
        "encoding_ms": percentiles([ms["encode"] for ms in stages], 50, 95),
        "ranking_ms": percentiles([ms["rank"] for ms in stages], 50, 95),
    }


def _edits(retriever: HybridRetriever, base: Sequence[Entry]) -> dict[str, float | int]:
    """From an edit to the search that shows it, and from a deletion to one that does not."""
    shown, gone, wrong = [], [], 0
    for number, entry in enumerate(base[:_EDITS]):
        text = f"Where is the zeppelin number {number} moored?"
        edited = replace(entry, revision=2, question=text)
        started = time.perf_counter()
        retriever.upsert([edited])
        top = retriever.search(text).ranked[0]
        shown.append(1e3 * (time.perf_counter() - started))
        wrong += (top.entry_id, top.revision) != (entry.id, 2)
        started = time.perf_counter()
        retriever.remove([entry.id])
        ranked = retriever.search(text).ranked
        gone.append(1e3 * (time.perf_counter() - started))
        wrong += entry.id in {one.entry_id for one in ranked}
    return {
        "edits": len(shown),
        **percentiles(shown, 50, 95),
        "gone_p95": percentiles(gone, 95)["p95"],
        "wrong": wrong,
    }


def _disk(
    retriever: HybridRetriever,
    store: ModelStore,
    folder: Path,
    names: tuple[str, str],
    entries: int,
) -> dict[str, float]:
    """Seconds to write a snapshot and to load it again, and its bytes an entry."""
    started = time.perf_counter()
    retriever.snapshot()
    written = time.perf_counter() - started
    taken = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    again = HybridRetriever(store, folder, *names)
    started = time.perf_counter()
    again.load()
    return {
        "snapshot_s": round(written, 1),
        "snapshot_bytes_per_entry": round(taken / entries),
        "load_s": round(time.perf_counter() - started, 1),
    }
