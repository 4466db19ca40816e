"""How long a search takes by the length of the message, beside a bare encoder with FAISS.

``python -m benchmarks.speed [--json FILE]``: one thread, bases of 60 and of 10,000 entries, English
and Chinese apart. Every message is put to ``retrieval`` alone, to ``retrieval`` behind two turns,
and to an encoder as it is with a flat FAISS index over all phrasings, one after the other, so that
whatever else the machine does falls on all alike. Reading the bases takes most of the time.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import report
from benchmarks.fit_calibration import ENCODERS
from benchmarks.speed_texts import (
    LENGTHS,
    WORLDS,
    Length,
    Message,
    large_base,
    messages,
    small_base,
)
from retrieval.encoder import Ct2Encoder
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.types import Entry, Lang, Reading, TextKind
from web.settings import Settings

#: What the libraries below numpy and FAISS read when they are loaded.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_SEED = 1
_ASKED = 100
_UNMEASURED = 25
_AT_ONCE = 200
#: As many vectors as retrieval looks at first.
_NEAREST = 64
_PEERS: Mapping[Lang, str] = {"en": "all-minilm-l6-v2", "zh": "multilingual-e5-small"}

#: Milliseconds by stage of one message, and the passes of an encoder.
Stages = Mapping[str, float]
#: All that was measured, by arm and length.
Measured = dict[tuple[str, Length], list[Stages]]


class Counted(Ct2Encoder):
    """A reader that counts how often it is asked to read."""

    def __init__(self, name: str, store: ModelStore) -> None:
        super().__init__(name, store)
        self.passes = 0

    def read(
        self,
        texts: Sequence[str],
        kind: TextKind = "message",
        before: Sequence[Sequence[str]] = (),
    ) -> list[Reading]:
        """As every encoder does. Raises NotLoaded."""
        self.passes += 1
        return super().read(texts, kind, before)


class Peer:
    """An encoder as it is, and a flat FAISS index over every phrasing."""

    def __init__(self, name: str, store: ModelStore) -> None:
        self.encoder = Ct2Encoder(name, store)
        self.encoder.load()
        self._index: Any = faiss.IndexFlatIP(self.encoder.dim)

    def add(self, entries: Sequence[Entry]) -> None:
        """Read the phrasings of ``entries``."""
        texts = [text for entry in entries for text in (entry.question, *entry.alternatives)]
        self._index.add(self.encoder.encode(texts, "phrasing"))

    def ask(self, text: str) -> Stages:
        """How long the nearest phrasings of ``text`` took to find."""
        started = time.perf_counter()
        vector = self.encoder.encode([text])
        read = time.perf_counter()
        self._index.search(vector, min(_NEAREST, self._index.ntotal))
        return _stages(started, encode=read - started)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the bases, ask, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    _on_one_thread()
    console = Console()
    settings = Settings()
    store = ModelStore(settings.cache_dir, settings.model_dir)
    rows: list[dict[str, Any]] = []
    for lang in ("en", "zh"):
        for base in (small_base(lang), large_base(lang)):
            measured = measure(lang, base, store, console)
            rows += list(figures(measured, lang, len(base)))
    console.print(table(rows))
    run = {**report.provenance(_SEED, sorted(WORLDS.rglob("*.jsonl"))), "threads": 1}
    report.write(options.json, {"asked of each length": _ASKED, "rows": rows, "run": run})


def measure(lang: Lang, base: Sequence[Entry], store: ModelStore, console: Console) -> Measured:
    """Read a base and ask it messages of every length."""
    with tempfile.TemporaryDirectory(prefix="speed-") as folder, Progress(console=console) as bar:
        readers = [Counted(name, store) for name in ENCODERS]
        retriever = HybridRetriever(store, Path(folder), *readers)
        retriever.load()
        peer = Peer(_PEERS[lang], store)
        task = bar.add_task(f"{lang}: reading {len(base)} entries", total=len(base))
        for start in range(0, len(base), _AT_ONCE):
            some = base[start : start + _AT_ONCE]
            retriever.upsert(some)
            peer.add(some)
            bar.advance(task, len(some))
        retriever.settle()
        asked = messages(lang, _counter(lang, store), _ASKED, random.Random(_SEED))
        order = [(length, one) for length in LENGTHS for one in asked[length]]
        random.Random(_SEED).shuffle(order)
        task = bar.add_task("asking", total=len(order))
        found: Measured = defaultdict(list)
        for number, (length, one) in enumerate([*order[:_UNMEASURED], *order]):
            for arm, stages in _ask(retriever, readers, peer, one, lang):
                if number >= _UNMEASURED:
                    found[arm, length].append(stages)
            bar.advance(task, number >= _UNMEASURED)
    return found


def _ask(
    retriever: HybridRetriever, readers: Sequence[Counted], peer: Peer, one: Message, lang: Lang
) -> Iterator[tuple[str, Stages]]:
    for arm, history in (("alone", ()), ("behind two turns", one.history)):
        before = sum(reader.passes for reader in readers)
        started = time.perf_counter()
        evidence = retriever.search(one.text, lang=lang, history=history)
        spent = _stages(started)
        passes = sum(reader.passes for reader in readers) - before
        yield arm, {**evidence.ms, **spent, "passes": passes}
    yield peer.encoder.name, peer.ask(one.text)


def _stages(started: float, **seconds: float) -> dict[str, float]:
    total = time.perf_counter() - started
    stages = {"all": total, **seconds}
    if "encode" in seconds:
        stages["rank"] = total - seconds["encode"]
    return {name: 1e3 * value for name, value in stages.items()}


def figures(measured: Measured, lang: Lang, entries: int) -> Iterator[dict[str, Any]]:
    """The 50th and the 95th percentile of every arm and length, and the encoder's passes."""
    for (arm, length), some in measured.items():
        row: dict[str, Any] = {"lang": lang, "entries": entries, "arm": arm, "tokens": length}
        for stage in ("all", "encode", "rank"):
            spent = [stages[stage] for stages in some]
            row |= {f"{stage} p{q}": round(float(np.percentile(spent, q)), 2) for q in (50, 95)}
        row["passes"] = round(float(np.mean([stages.get("passes", 1.0) for stages in some])), 2)
        yield row


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One line an arm and length."""
    made = Table(
        "lang", "entries", "tokens", "arm", "p50", "p95", "encode p50", "rank p50", "passes"
    )
    for row in sorted(rows, key=lambda r: (r["lang"], r["entries"], LENGTHS.index(r["tokens"]))):
        cells = (
            f"{row[key]:.1f}" for key in ("all p50", "all p95", "encode p50", "rank p50", "passes")
        )
        made.add_row(row["lang"], str(row["entries"]), row["tokens"], row["arm"], *cells)
    return made


def _counter(lang: Lang, store: ModelStore) -> Any:
    """Counts a text's tokens as the reader of its language does."""
    from retrieval.engine import Ct2Engine

    engine = Ct2Engine(ENCODERS[lang != "en"], store)
    engine.load()
    return lambda text: len(engine.tokens.ids(text))


def _on_one_thread() -> None:
    """Start anew where the libraries were loaded for more threads than one, as the product is."""
    if any(os.environ.get(name) != value for name, value in _ONE_THREAD.items()):
        arguments = [sys.executable, "-m", "benchmarks.speed", *sys.argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, **_ONE_THREAD})


if __name__ == "__main__":
    main()
