"""Keeps the index and the entry book in step with the knowledge base.

A thread of its own loads the models, fills the index, and then asks the base every 50 ms whether
anything was written, by this process or another. An edit is so answered within 0.2 s.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from knowledge.store import KnowledgeStore, utc_now
from retrieval.types import Entry, Retriever
from web.entrybook import BookEntry, EntryBook

logger = logging.getLogger(__name__)

POLL_S = 0.05
_RETRY_S = 5.0
_SNAPSHOT_AFTER_S = 5.0


class Indexer:
    """Watches the base from :meth:`start` to :meth:`close`.

    ``missing`` says why nothing can be answered yet, in words for anybody; ``fault`` what is
    wrong, in words for the operator. Both are None when all is well. ``also_load`` is called
    before the index is filled, ``warm`` once it is, ``on_ready`` when answers can be given; all
    in the thread.
    """

    def __init__(
        self,
        store: KnowledgeStore,
        retriever: Retriever,
        book: EntryBook,
        *,
        also_load: Callable[[], None] | None = None,
        warm: Callable[[], None] | None = None,
        poll_s: float = POLL_S,
        snapshot_after_s: float = _SNAPSHOT_AFTER_S,
    ) -> None:
        self.missing: str | None = "the models are being loaded"
        self.fault: str | None = None
        self._store = store
        self._retriever = retriever
        self._book = book
        self.on_ready: Callable[[], object] = lambda: None
        self._also_load = also_load
        self._warm = warm
        self._poll_s = poll_s
        self._snapshot_after_s = snapshot_after_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)
        self._seq = 0
        self._looked_at: datetime | None = None
        self._boundary: datetime | None = None
        self._changed_at: float | None = None

    def start(self) -> None:
        """Begin loading; returns at once."""
        self._thread.start()

    def close(self, timeout_s: float = 10.0) -> None:
        """Stop watching; what is not on disk yet is written."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._load()
                break
            except Exception as error:
                logger.exception("the index could not be loaded")
                self.missing = "the index could not be loaded; the process log says why"
                self.fault = f"{type(error).__name__}: {error}"
                self._stop.wait(_RETRY_S)
        while not self._stop.wait(self._poll_s):
            try:
                self._follow()
                self.fault = None
                self._snapshot_when_idle()
            except Exception as error:
                if self.fault is None:
                    logger.exception("the index cannot follow the knowledge base")
                self.fault = f"{type(error).__name__}: {error}"
        if self.missing is None and self._changed_at is not None:
            self._snapshot()

    def _load(self) -> None:
        self._retriever.load()
        if self._also_load is not None:
            self._also_load()
        self.missing = "the index is being filled"
        now = utc_now()
        changes = self._store.snapshot(now)
        if not self._retriever.check(changes.upserts).ok:
            self._retriever.replace_all(changes.upserts)
            self._changed_at = time.monotonic()
        self._book.apply(self._dated(changes.upserts))
        self._seq, self._looked_at = changes.seq, now
        self._boundary = self._store.next_boundary(now)
        if self._warm is not None:
            self._warm()
        self.missing = self.fault = None
        logger.info("ready: %d entries", len(changes.upserts))
        self.on_ready()

    def _follow(self) -> None:
        now = utc_now()
        crossed = self._boundary is not None and now >= self._boundary
        if self._store.last_change() == self._seq and not crossed:
            return
        changes = self._store.changes_since(self._seq, since=self._looked_at, now=now)
        # The book knows an entry before it can be found, and as long as it can be found.
        self._book.apply(self._dated(changes.upserts))
        self._retriever.upsert(changes.upserts)
        self._retriever.remove(changes.removals)
        self._book.apply((), changes.removals)
        self._seq, self._looked_at = changes.seq, now
        self._boundary = self._store.next_boundary(now)
        self._changed_at = time.monotonic()

    def _dated(self, entries: Sequence[Entry]) -> list[BookEntry]:
        found = self._store.get_many([entry.id for entry in entries])
        return [
            BookEntry(entry, found[entry.id].updated_at if entry.id in found else None)
            for entry in entries
        ]

    def _snapshot_when_idle(self) -> None:
        changed = self._changed_at
        if changed is not None and time.monotonic() - changed > self._snapshot_after_s:
            self._snapshot()

    def _snapshot(self) -> None:
        try:
            self._retriever.snapshot()
        except OSError as error:
            # Only the next start becomes slower; answers are not touched by it.
            logger.warning("the index could not be written to disk: %s", error)
        self._changed_at = None


def index_folder(data_dir: Path) -> Path:
    """Where the index is kept."""
    return data_dir / "index"
