"""Keeps the index and the entry book in step with the knowledge base.

A thread of its own loads the models, fills the index, and then follows what is written to the base,
by this process or another. On SQLite it asks every 50 ms. On PostgreSQL it hears of each commit and
asks every two seconds besides; twice a second while the listening connection is lost. An edit is so
answered within 0.2 s.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from knowledge.notice import ChangeListener
from knowledge.store import KnowledgeStore, utc_now
from retrieval.types import Entry, Retriever
from web.entrybook import BookEntry, EntryBook

logger = logging.getLogger(__name__)

POLL_S = 0.05
_POLL_HEARING_S = 2.0
_POLL_DEAF_S = 0.5
_RETRY_S = 5.0
_SNAPSHOT_AFTER_S = 5.0


class Indexer:
    """Watches the base from :meth:`start` to :meth:`close`.

    ``missing`` says why nothing can be answered yet, in words for anybody; ``fault`` what is
    wrong, in words for the operator. Both are None when all is well. ``also_load`` is called
    before the index is filled, ``warm`` once it is, ``on_ready`` when answers can be given; all
    in the thread. With ``listener`` changes are heard of, and ``poll_s`` does not count.
    """

    def __init__(
        self,
        store: KnowledgeStore,
        retriever: Retriever,
        book: EntryBook,
        *,
        also_load: Callable[[], None] | None = None,
        warm: Callable[[], None] | None = None,
        listener: ChangeListener | None = None,
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
        self._listener = listener
        self._poll_s = poll_s
        self._snapshot_after_s = snapshot_after_s
        self._stop = threading.Event()
        self._wake = threading.Event()
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
        self._wake.set()
        if self._listener is not None:
            self._listener.close()
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
        if self._listener is not None and not self._stop.is_set():
            self._listener.start(self._wake.set)
        while not self._stop.is_set():
            self._wake.wait(self._pause_s())
            self._wake.clear()
            if self._stop.is_set():
                break
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

    def _pause_s(self) -> float:
        """How long to wait for a notice before asking: an entry may also begin or cease to be
        valid by the clock, of which nobody gives notice."""
        if self._listener is None:
            return self._poll_s
        pause = _POLL_HEARING_S if self._listener.hearing else _POLL_DEAF_S
        if self._boundary is not None:
            pause = min(pause, (self._boundary - utc_now()).total_seconds())
        return max(pause, self._poll_s)

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
