"""One process of several: what stands between the base and the answers of a web process, driven by
lines of JSON.

``python -m tests.instep.process FOLDER URL INDEX`` follows the base as a web process does and
answers ``{"ask": text}`` with the entries that it would give, ``{"check": true}`` with the
consistency of its index, ``{"snapshots": n}`` by writing n snapshots. ``{"write": [...]}`` carries
out edits, one transaction each, and says after each that it is committed; ``{"import": n}`` writes
n revisions in one transaction.
"""

from __future__ import annotations

import json
import logging
import sys
from functools import partial
from pathlib import Path
from typing import Any

from knowledge import rows
from knowledge.database import open_engine, writing
from knowledge.identity import make_entry
from knowledge.notice import ChangeListener
from knowledge.store import KnowledgeStore, utc_now
from knowledge.types import EntryContent
from retrieval.entry_vectors import LocalVectors
from retrieval.pgvector import PgVectors
from tests.retrieval.conftest import small_retriever
from web.entrybook import EntryBook
from web.indexing import Indexer


class Process:
    def __init__(self, folder: Path, url: str, index: str) -> None:
        engine = open_engine(url)
        self.store = KnowledgeStore(engine)
        self.retriever = small_retriever(
            folder,
            open_vectors=partial(PgVectors.open, engine)
            if index == "pgvector"
            else LocalVectors.open,
        )
        postgres = engine.dialect.name == "postgresql"
        self.indexer = Indexer(
            self.store,
            self.retriever,
            EntryBook(),
            listener=ChangeListener(engine) if postgres else None,
            snapshot_after_s=0.2,
        )
        self.indexer.on_ready = lambda: tell(ready=True)

    def do(self, order: dict[str, Any]) -> None:
        if "ask" in order:
            found = self.retriever.search(order["ask"]).ranked
            tell(found={one.entry_id: one.revision for one in found})
        elif "check" in order:
            found = self.retriever.check(self.store.published())
            tell(
                ok=found.ok and self.indexer.fault is None,
                entries=found.entries,
                vectors=found.vectors,
                damage=self.retriever.damage,
                said=f"{found} {self.indexer.fault}",
            )
        elif "snapshots" in order:
            for number in range(order["snapshots"]):
                tell(writing=number)
                self.retriever.snapshot()
            tell(done=True)
        elif "import" in order:
            self._import(order["import"])
        else:
            for what in order["write"]:
                self._write(**what)

    def _write(self, entry_id: str, question: str | None = None, status: str = "published") -> None:
        if status == "deleted":
            entry = self.store.delete(entry_id, author="test")
        elif question is None:
            entry = self.store.set_status(entry_id, status, author="test")  # type: ignore[arg-type]
        elif entry_id in self.store.get_many([entry_id]):
            entry = self.store.edit(entry_id, author="test", question=question)
        else:
            entry = self.store.create(_content(question), author="test", entry_id=entry_id)
        tell(wrote=entry_id, revision=entry.revision)

    def _import(self, count: int) -> None:
        """One transaction, begun and told of before it is committed."""
        now = utc_now()
        with writing(self.store.engine) as connection:
            for number in range(count):
                seq = rows.lock_changes(connection)
                key = f"bulk-{number}"
                entry = make_entry(
                    _content(f"What about number {number}?"), key, 1, "test", "create",
                    created=now, at=now,
                )  # fmt: skip
                rows.append(connection, seq, [entry], now)
                tell(uncommitted=number)
        tell(done=True)


def _content(question: str) -> EntryContent:
    return EntryContent(
        lang="en",
        question=question,
        alternatives=(f"Please tell me: {question}",),
        answer="As it says.",
        status="published",
    )


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    logging.basicConfig(level="INFO", stream=sys.stderr)
    folder, url, index = sys.argv[1:]
    process = Process(Path(folder), url, index)
    if index != "none":
        process.indexer.start()
    for line in sys.stdin:
        process.do(json.loads(line))
    process.indexer.close()


if __name__ == "__main__":
    main()
