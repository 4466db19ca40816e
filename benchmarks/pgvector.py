"""Entry vectors in PostgreSQL with pgvector against FAISS in memory.

``python -m benchmarks.pgvector [--url URL] [--entries N] [--json FILE]`` reads the questions of the
training companies with ``reader-multi``, puts four to an entry, fills both indexes, and asks both
for what the retriever asks of them: the 16 nearest entries, and all vectors of 24 candidates.
Without ``--url`` it starts a PostgreSQL of its own (package pgserver) on the same machine. The
table is emptied at the end.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, make_url, text

from benchmarks import report
from knowledge.database import open_engine
from retrieval.encoder import Ct2Encoder
from retrieval.entry_vectors import EntryVectors, LocalVectors, Version
from retrieval.models import ModelStore
from retrieval.pgvector import PgVectors
from retrieval.pgvector_schema import TABLE
from retrieval.training.worlds import read_worlds
from retrieval.types import Vectors
from web.settings import Settings

_WORLDS = report.ROOT / "benchmarks" / "data" / "worlds" / "training"
_AN_ENTRY, _NEAREST, _CANDIDATES, _QUERIES = 4, 16, 24, 300
_READ_AT_ONCE = 512
_WARM = 10


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, ask, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="an empty PostgreSQL database with pgvector")
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    settings = Settings()
    encoder = Ct2Encoder("reader-multi", ModelStore(settings.cache_dir, settings.model_dir))
    encoder.load()
    groups, queries = _read(encoder, options.entries, options.seed)
    faiss = LocalVectors.open(encoder)
    with _server(options.url) as engine:
        shared = PgVectors.open(engine, encoder)
        arms = {"FAISS": faiss, "pgvector": shared}
        filled = {name: _filled(index, groups) for name, index in arms.items()}
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM ANALYZE {TABLE}"))
            version = connection.scalar(text("SHOW server_version"))
        figures = {name: _asked(index, queries, options.seed) for name, index in arms.items()}
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {TABLE}"))
    # FAISS looks at every vector at this size: what it finds is exact.
    exact = figures["FAISS"]["found"]
    for name, found in figures.items():
        found["fill_s"] = filled[name]
        found["recall"] = _recall(found.pop("found"), exact)
    _show(figures)
    files = sorted(_WORLDS.glob("*.jsonl"))
    report.write(
        options.json,
        {
            "entries": len(groups),
            "vectors": sum(map(len, groups.values())),
            "postgresql": version,
            "arms": figures,
            "run": report.provenance(options.seed, files),
        },
    )


def _read(encoder: Ct2Encoder, entries: int, seed: int) -> tuple[dict[str, Vectors], Vectors]:
    """Vectors of entries, and of messages that are none of theirs."""
    distinct: set[str] = set()
    for world in read_worlds(_WORLDS):
        distinct.update(ask.text for ask in world.asks)
        for entry in world.entries:
            distinct.update((entry.question, *entry.alternatives))
    texts = sorted(distinct)
    wanted = entries * _AN_ENTRY + _QUERIES
    if len(texts) < wanted:
        raise SystemExit(f"there are {len(texts)} texts, too few for {entries} entries")
    random.Random(seed).shuffle(texts)
    texts = texts[:wanted]
    parts = [
        encoder.encode(texts[start : start + _READ_AT_ONCE])
        for start in range(0, wanted, _READ_AT_ONCE)
    ]
    every = np.concatenate(parts)
    groups = {f"entry-{n:06d}": every[n * _AN_ENTRY : (n + 1) * _AN_ENTRY] for n in range(entries)}
    return groups, every[entries * _AN_ENTRY :]


@contextmanager
def _server(url: str | None) -> Iterator[Engine]:
    if url is not None:
        engine = open_engine(url)
        yield engine
        engine.dispose()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pgserver
    # A short path: the server's socket lies in it.
    with tempfile.TemporaryDirectory(prefix="gv-pg-", dir="/tmp") as folder:
        server = pgserver.get_server(Path(folder), cleanup_mode="stop")
        engine = open_engine(
            make_url(server.get_uri())
            .set(drivername="postgresql+psycopg")
            .render_as_string(hide_password=False)
        )
        try:
            yield engine
        finally:
            engine.dispose()
            server.cleanup()


def _filled(index: EntryVectors, groups: dict[str, Vectors]) -> float:
    """Seconds that it takes to write all groups."""
    started = time.perf_counter()
    index.write(groups, {key: Version(1, key) for key in groups})
    index.join()
    return time.perf_counter() - started


def _asked(index: EntryVectors, queries: Vectors, seed: int) -> dict[str, Any]:
    found: list[list[str]] = []
    search = _times(
        lambda query: found.append([key for key, _ in index.search(query, _NEAREST)]), queries
    )
    picked = random.Random(seed)
    keys = sorted(index.keys())
    some = [picked.sample(keys, _CANDIDATES) for _ in queries]
    gather = _times(index.gather, some)
    return {"search_ms": search, "gather_ms": gather, "found": found[_WARM:]}


def _times(call: Callable[[Any], object], inputs: Sequence[Any] | Vectors) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, after a few calls that do not count."""
    taken = []
    for one in [*inputs[:_WARM], *inputs]:
        started = time.perf_counter()
        call(one)
        taken.append(1e3 * (time.perf_counter() - started))
    return {f"p{share}": float(np.percentile(taken[_WARM:], share)) for share in (50, 95)}


def _recall(found: list[list[str]], exact: list[list[str]]) -> float:
    """Share of the nearest entries that was found."""
    pairs = zip(found, exact, strict=True)
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in pairs]))


def _show(figures: dict[str, dict[str, Any]]) -> None:
    table = Table("", "search p50 / p95 ms", "vectors of 24, p50 / p95 ms", "recall", "filled in s")
    for name, found in figures.items():
        search, gather = found["search_ms"], found["gather_ms"]
        table.add_row(
            name,
            f"{search['p50']:.2f} / {search['p95']:.2f}",
            f"{gather['p50']:.2f} / {gather['p95']:.2f}",
            f"{found['recall']:.3f}",
            f"{found['fill_s']:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
