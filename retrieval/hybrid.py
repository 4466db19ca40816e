"""The retriever: vectors of texts and of tokens, words and context, fused and calibrated."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from retrieval import snapshot as disk
from retrieval.calibration import Calibration
from retrieval.catalogue import (
    WORDINGS,
    Catalogue,
    Prepared,
    Space,
    digest_of,
    prepare,
    spaces_of,
    texts_of,
    vectors_of,
)
from retrieval.encoder import open_encoder
from retrieval.entry_vectors import LocalVectors, OpenVectors
from retrieval.errors import NotLoaded
from retrieval.features import Candidates
from retrieval.models import ModelStore
from retrieval.search import Searcher
from retrieval.tokens import EntryReading, entry_reading
from retrieval.turns import Turn
from retrieval.types import Consistency, Encoder, Entry, Evidence, Lang
from retrieval.worded import learn

_log = logging.getLogger(__name__)

_READ_AT_ONCE = 64
#: Entries for which the catalogue is lent without a pause; a search waits for no more. More than
#: this are put in portions, and become visible in portions.
_AT_ONCE = 256
#: Entries in a file of a snapshot.
_BLOCK = 4_096


class HybridRetriever:
    """Implements :class:`retrieval.types.Retriever`.

    ``encoder_en`` compares English with English, ``encoder_multi`` everything with everything;
    each is a name of the model store or an encoder. ``open_vectors`` says where their vectors of
    entries are kept and searched; in this process where it is not given. ``on_progress`` is told
    how many entries of how many have been put, where they are put in portions.
    Searches and edits may come from any thread; encoding happens outside the lock, so that an
    edit does not hold up searches.
    """

    def __init__(
        self,
        store: ModelStore,
        index_dir: Path,
        encoder_en: str | Encoder,
        encoder_multi: str | Encoder,
        *,
        calibration: Calibration | None = None,
        open_vectors: OpenVectors = LocalVectors.open,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._index_dir = index_dir
        self._encoders: dict[Space, Encoder] = {
            "en": open_encoder(encoder_en, store),
            "multi": open_encoder(encoder_multi, store),
        }
        self._calibration = calibration
        self._open_vectors = open_vectors
        self._on_progress = on_progress
        self._searcher = Searcher(self._encoders, self._locked)
        # Writers queue up on the first, so that edits apply in the order they were asked for;
        # the second guards the catalogue and is never held while encoding.
        self._writing = threading.RLock()
        self._lock = threading.RLock()
        self._catalogue: Catalogue | None = None
        self._spare: dict[str, dict[bytes, tuple[disk.Block, int]]] = {}
        self._learner: threading.Thread | None = None
        self.damage: str | None = None

    @property
    def versions(self) -> tuple[str, str]:
        """Versions of the English and the multilingual encoder, for provenance."""
        return self._encoders["en"].version, self._encoders["multi"].version

    @property
    def calibrated(self) -> bool:
        """Whether p was fitted for these encoders; otherwise it ranks but is no probability."""
        names = (self._encoders["en"].name, self._encoders["multi"].name)
        return self._calibration is not None and self._calibration.encoders == names

    def load(self) -> None:
        """Load models and the last snapshot. Raises ModelError and IndexUnavailable.

        A damaged snapshot is set aside: ``damage`` then says what was wrong, the index is empty,
        and ``replace_all`` fills it, reading anew only what is not to be trusted.
        """
        for encoder in self._encoders.values():
            encoder.load()
        if self._calibration is None:
            self._calibration = Calibration.read()
        if not self.calibrated:
            _log.warning(
                "calibration was fitted for %s; run python -m benchmarks.fit_calibration",
                " and ".join(self._calibration.encoders),
            )
        found = disk.read(self._index_dir)
        with self._lock:
            self._catalogue = Catalogue(self._encoders, self._index_dir, self._open_vectors)
            if found is None:
                return
            self.damage = found.damage
            if found.damage:
                _log.warning("index snapshot set aside: %s", found.damage)
            for block in found.blocks:
                self._spare.setdefault(block.encoder, {}).update(
                    (digest, (block, number)) for number, digest in enumerate(block.digests)
                )
        # Where something would have to be read again, the index stays empty: filling it is then
        # noticed by whoever keeps it, and written to disk.
        known = all(encoder.version in self._spare for encoder in self._encoders.values())
        if found.entries is not None and found.damage is None and known:
            self.upsert(found.entries)
            self._spare = {}

    def search(
        self,
        text: str,
        *,
        history: Sequence[str] = (),
        lang: Lang | None = None,
        limit: int = 10,
    ) -> Evidence:
        """Rank entries for ``text``; ``history``: the visitor's earlier turns, oldest first."""
        return self._searcher.search(text, self._fitted, history=history, lang=lang, limit=limit)

    def upsert(self, entries: Iterable[Entry]) -> None:
        """Add or replace entries; visible to the next ``search``.

        An entry whose revision is older than the one that is there is passed over.
        """
        latest = {entry.id: entry for entry in sorted(entries, key=lambda e: e.revision)}
        with self._writing:
            with self._locked() as catalogue:
                wanted = [e for e in latest.values() if _is_news(e, catalogue.prepared.get(e.id))]
            self._fill(wanted)
        self._learn_if_due()

    def remove(self, entry_ids: Iterable[str]) -> None:
        """Take entries out; never returned afterwards."""
        with self._writing, self._locked() as catalogue:
            catalogue.remove(list(entry_ids))
        self._learn_if_due()

    def replace_all(self, entries: Iterable[Entry]) -> None:
        """Make the index hold exactly these entries; what has not changed is not encoded again,
        unless its vectors are not all there."""
        wanted = {entry.id: entry for entry in entries}
        digests = {key: digest_of(entry) for key, entry in wanted.items()}
        with self._writing:
            with self._locked() as catalogue:
                catalogue.sweep(wanted.values(), digests)
                broken = set(catalogue.incomplete())
                have = {k: p.digest for k, p in catalogue.prepared.items() if k not in broken}
                gone = (catalogue.prepared.keys() | broken) - wanted.keys()
            changed = [e for key, e in wanted.items() if have.get(key) != digests[key]]
            self._fill(changed, gone)
            with self._locked():
                self._spare = {}
                self.damage = None
        self._learn_if_due()

    def settle(self) -> None:
        """Wait until what is learnt beside the searches is up to date with the edits."""
        while (learner := self._learner) is not None:
            learner.join()

    def check(self, entries: Iterable[Entry]) -> Consistency:
        """Compare the index with the entries that it should hold, vector by vector."""
        wanted = {entry.id: entry for entry in entries}
        with self._locked() as catalogue:
            broken = set(catalogue.incomplete())
            have = set(catalogue.prepared) | broken
            stale = [
                key
                for key, item in catalogue.prepared.items()
                if key in wanted and (key in broken or item.digest != digest_of(wanted[key]))
            ]
            return Consistency(
                entries=len(catalogue.prepared),
                vectors=sum(map(len, catalogue.vectors.values())),
                missing=tuple(sorted(wanted.keys() - catalogue.prepared.keys())),
                stale=tuple(sorted(stale)),
                unknown=tuple(sorted(have - wanted.keys())),
            )

    def snapshot(self) -> None:
        """Write the index to disk so that the next ``load`` need not encode again."""
        with self._locked() as catalogue:
            items = list(catalogue.prepared.values())
        items.sort(key=lambda item: item.entry.id)
        disk.write(self._index_dir, [item.entry for item in items], self._blocks(items))

    def _blocks(self, items: Sequence[Prepared]) -> Iterator[disk.Block]:
        """What the encoders made of entries, a portion at a time: searches and edits go on.

        What is edited meanwhile, and what another process has just replaced the vectors of, is
        left out: whoever loads the snapshot reads it again.
        """
        for space, encoder in self._encoders.items():
            mine = [item for item in items if space in spaces_of(item.entry)]
            for start in range(0, len(mine), _BLOCK):
                digests: list[bytes] = []
                readings: list[EntryReading] = []
                block = mine[start : start + _BLOCK]
                for at in range(0, len(block), _AT_ONCE):
                    for entry, reading in self._lent(space, block[at : at + _AT_ONCE]):
                        digests.append(disk.entry_digest(entry))
                        readings.append(reading)
                if digests:
                    yield disk.Block(encoder.version, tuple(digests), readings)

    def _lent(self, space: Space, items: Sequence[Prepared]) -> list[tuple[Entry, EntryReading]]:
        """Those of the entries that are still the same, with what the encoder made of them."""
        with self._locked() as catalogue:
            same = [i.entry for i in items if catalogue.prepared.get(i.entry.id) is i]
            readings = catalogue.reading(space, [entry.id for entry in same])
        return [
            (entry, reading)
            for entry, reading in zip(same, readings, strict=True)
            if len(reading.vectors) == vectors_of(entry)
        ]

    def candidates(self, text: str, lang: Lang) -> Candidates:
        """The candidates of a message with their features; what fitting calibration looks at."""
        return self._searcher.candidates(text, lang)

    def turn(self, text: str, lang: Lang, history: Sequence[str]) -> Turn:
        """As :meth:`candidates`, of a message that follows others."""
        return self._searcher.turn(text, self._fitted, lang, history)

    @property
    def _fitted(self) -> Calibration:
        if self._calibration is None:
            raise NotLoaded("The retriever was used before its load().")
        return self._calibration

    @contextmanager
    def _locked(self) -> Iterator[Catalogue]:
        with self._lock:
            if self._catalogue is None:
                raise NotLoaded("The retriever was used before its load().")
            yield self._catalogue

    def _learn_if_due(self) -> None:
        """Learn from entries with many phrasings, in a thread of its own; one at a time."""
        with self._locked() as catalogue:
            if catalogue.worded_is_old and self._learner is None:
                self._learner = threading.Thread(target=self._learn, name="worded", daemon=True)
                self._learner.start()

    def _learn(self) -> None:
        try:
            while self._has_to_learn():
                with self._locked() as catalogue:
                    phrasings = catalogue.many_phrasings()
                learnt = {space: learn(some) for space, some in phrasings.items()}
                with self._locked() as catalogue:
                    catalogue.worded.update(learnt)
        except Exception:  # noqa: BLE001 - said in the log
            # Searches go on without it; the next edit tries again.
            _log.exception("learning from entries with many phrasings failed")
            self._learner = None

    def _has_to_learn(self) -> bool:
        with self._locked() as catalogue:
            old, catalogue.worded_is_old = catalogue.worded_is_old, False
            if not old:
                self._learner = None
            return old

    def _fill(self, entries: Sequence[Entry], gone: Collection[str] = ()) -> None:
        """Put entries and take out those that are ``gone``: in one step, or where they are many
        portion by portion."""
        if len(entries) <= _AT_ONCE:
            self._put(entries, gone)
            return
        with self._locked() as catalogue:
            catalogue.expect(entries)
        try:
            for start in range(0, len(entries), _AT_ONCE):
                self._put(entries[start : start + _AT_ONCE], () if start else gone)
                catalogue.relieve()
                if self._on_progress is not None:
                    self._on_progress(min(start + _AT_ONCE, len(entries)), len(entries))
        finally:
            catalogue.expect(())

    def _put(self, entries: Sequence[Entry], gone: Collection[str]) -> None:
        items = self._encode_entries(entries)
        with self._locked() as catalogue:
            catalogue.remove(gone)
            catalogue.put(items)

    def _encode_entries(
        self, entries: Sequence[Entry]
    ) -> list[tuple[Prepared, dict[Space, EntryReading]]]:
        mine = {
            space: [entry for entry in entries if space in spaces_of(entry)]
            for space in self._encoders
        }
        read: dict[Space, dict[str, EntryReading]]
        if len(entries) > _READ_AT_ONCE:
            # An encoder runs on one core: two of them at a time halve the wait for a large base.
            with ThreadPoolExecutor(len(mine)) as threads:
                read = dict(
                    zip(mine, threads.map(self._read_all, mine, mine.values()), strict=True)
                )
        else:
            read = {space: self._read_all(space, some) for space, some in mine.items()}
        with self._locked() as catalogue:
            counted = catalogue.wording if len(catalogue.prepared) < WORDINGS else None
        if counted is not None:
            # Here rather than by the first search, and off the lock.
            for entry in entries:
                counted(entry)
        return [
            (prepare(entry), {space: read[space][entry.id] for space in spaces_of(entry)})
            for entry in entries
        ]

    def _read_all(self, space: Space, entries: Sequence[Entry]) -> dict[str, EntryReading]:
        """What the encoder makes of each entry; those that the snapshot knows are not read."""
        encoder = self._encoders[space]
        spare = self._spare.get(encoder.version, {})
        digests = {entry.id: disk.entry_digest(entry) for entry in entries}
        found = {
            key: block.readings[number]
            for key, digest in digests.items()
            for block, number in [spare.get(digest, (None, 0))]
            if block is not None
        }
        todo = [entry for entry in entries if entry.id not in found]
        for start in range(0, len(todo), _READ_AT_ONCE):
            some = todo[start : start + _READ_AT_ONCE]
            phrasings = encoder.read([t for e in some for t in texts_of(e)[0]], "phrasing")
            wholes = encoder.read([texts_of(e)[1] for e in some], "whole")
            at = 0
            for entry, whole in zip(some, wholes, strict=True):
                count = vectors_of(entry) - 1
                found[entry.id] = entry_reading(phrasings[at : at + count], whole)
                at += count
        return found


def _is_news(entry: Entry, there: Prepared | None) -> bool:
    if there is None:
        return True
    if entry.revision == there.entry.revision:
        return digest_of(entry) != there.digest
    return entry.revision > there.entry.revision
