"""The retriever: vectors of texts and of tokens, words and context, fused and calibrated."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from retrieval import snapshot as disk
from retrieval.calibration import Calibration
from retrieval.catalogue import (
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
#: Entries for which the catalogue is lent without a pause; a search waits for no more.
_AT_ONCE = 256


class HybridRetriever:
    """Implements :class:`retrieval.types.Retriever`.

    ``encoder_en`` compares English with English, ``encoder_multi`` everything with everything;
    each is a name of the model store or an encoder. ``open_vectors`` says where their vectors of
    entries are kept and searched; in this process where it is not given.
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
    ) -> None:
        self._index_dir = index_dir
        self._encoders: dict[Space, Encoder] = {
            "en": open_encoder(encoder_en, store),
            "multi": open_encoder(encoder_multi, store),
        }
        self._calibration = calibration
        self._open_vectors = open_vectors
        self._searcher = Searcher(self._encoders, self._locked)
        # Writers queue up on the first, so that edits apply in the order they were asked for;
        # the second guards the catalogue and is never held while encoding.
        self._writing = threading.RLock()
        self._lock = threading.RLock()
        self._catalogue: Catalogue | None = None
        self._spare: dict[str, dict[bytes, EntryReading]] = {}
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
            self._catalogue = Catalogue(self._encoders, self._open_vectors)
            if found is None:
                return
            self.damage = found.damage
            if found.damage:
                _log.warning("index snapshot set aside: %s", found.damage)
            self._spare = {
                cache.encoder: dict(zip(cache.digests, cache.readings, strict=True))
                for cache in found.caches
            }
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
            self._put(self._encode_entries(wanted))
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
        with self._writing:
            with self._locked() as catalogue:
                catalogue.sweep(wanted.values())
                broken = set(catalogue.incomplete())
                have = {k: p.digest for k, p in catalogue.prepared.items() if k not in broken}
            changed = [e for e in wanted.values() if have.get(e.id) != digest_of(e)]
            items = self._encode_entries(changed)
            with self._locked() as catalogue:
                catalogue.remove((catalogue.prepared.keys() | broken) - wanted.keys())
            self._put(items)
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
            items = [catalogue.prepared[key] for key in sorted(catalogue.prepared)]
        caches = [self._cached(space, items) for space in self._encoders]
        disk.write(self._index_dir, [item.entry for item in items], caches)

    def _cached(self, space: Space, items: Sequence[Prepared]) -> disk.Cached:
        """What an encoder makes of entries, looked up a few at a time so that searches go on.

        Those that were edited meanwhile, and those whose vectors another process has just
        replaced, are left out: the next ``load`` reads them.
        """
        kept: list[tuple[bytes, EntryReading]] = []
        mine = [item for item in items if space in spaces_of(item.entry)]
        for start in range(0, len(mine), _AT_ONCE):
            some = mine[start : start + _AT_ONCE]
            with self._locked() as catalogue:
                same = [i.entry for i in some if catalogue.prepared.get(i.entry.id) is i]
                readings = catalogue.reading(space, [entry.id for entry in same])
            kept += [
                (disk.entry_digest(entry), reading)
                for entry, reading in zip(same, readings, strict=True)
                if len(reading.vectors) == vectors_of(entry)
            ]
        version = self._encoders[space].version
        return disk.Cached(version, tuple(d for d, _ in kept), tuple(r for _, r in kept))

    def _put(self, items: Sequence[tuple[Prepared, dict[Space, EntryReading]]]) -> None:
        """Put a few at a time, so that a bulk of edits does not hold up searches."""
        for start in range(0, len(items), _AT_ONCE):
            with self._locked() as catalogue:
                catalogue.put(items[start : start + _AT_ONCE])

    def candidates(self, text: str, lang: Lang) -> Candidates:
        """The candidates of a message with their features; what fitting calibration looks at."""
        return self._searcher.candidates(text, lang)

    def turn(self, text: str, lang: Lang, history: Sequence[str]) -> Turn:
        """As :meth:`candidates`, of a message that follows others."""
        return self._searcher.turn(text, lang, history)

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

    def _encode_entries(
        self, entries: Sequence[Entry]
    ) -> list[tuple[Prepared, dict[Space, EntryReading]]]:
        read = {
            space: self._read_all(encoder, [e for e in entries if space in spaces_of(e)])
            for space, encoder in self._encoders.items()
        }
        return [
            (prepare(entry), {space: read[space][entry.id] for space in spaces_of(entry)})
            for entry in entries
        ]

    def _read_all(self, encoder: Encoder, entries: Sequence[Entry]) -> dict[str, EntryReading]:
        """What the encoder makes of each entry; those that the snapshot knows are not read."""
        spare = self._spare.get(encoder.version, {})
        digests = {entry.id: disk.entry_digest(entry) for entry in entries}
        found = {key: spare[digest] for key, digest in digests.items() if digest in spare}
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
