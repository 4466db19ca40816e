"""The index on disk: entries and what the encoders make of them, written as a whole.

A snapshot is a folder ``snapshot-N``; it is written under another name and renamed, so that one
is either whole or not there. The two newest are kept. Each file has its sha256 in the manifest and
can be judged on its own: where the entries are damaged but the readings are not, these still spare
encoding.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from retrieval.catalogue import texts_of
from retrieval.errors import IndexCorrupt
from retrieval.tokens import EntryReading, EntryTokens
from retrieval.types import Entry

_FORMAT = 2
_ENTRIES = "entries.json"
_MANIFEST = "manifest.json"
_UNFINISHED = ".writing-"
_LOCK = ".lock"
_KEEP = 2
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Cached:
    """What one encoder makes of entries, by the digest of their texts."""

    encoder: str
    digests: tuple[bytes, ...]
    readings: tuple[EntryReading, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read: ``entries`` is None, and ``damage`` says why, where they cannot be trusted."""

    entries: tuple[Entry, ...] | None
    caches: tuple[Cached, ...]
    damage: str | None


def entry_digest(entry: Entry) -> bytes:
    """Key of what an encoder makes of an entry: the texts that it reads."""
    phrasings, whole = texts_of(entry)
    texts = "\x1f".join([*phrasings, whole])
    return hashlib.sha256(texts.encode()).digest()[:_DIGEST_BYTES]


def write(folder: Path, entries: Sequence[Entry], caches: Sequence[Cached]) -> Path:
    """Write a snapshot atomically and drop all but the newest two. Raises OSError.

    Several processes may share the folder: they write one after the other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        # What is there now was left by a process that was killed while it wrote.
        for left in folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        return _write(folder, entries, caches)


def _write(folder: Path, entries: Sequence[Entry], caches: Sequence[Cached]) -> Path:
    number = max((int(p.name.partition("-")[2]) for p in _existing(folder)), default=0) + 1
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        rows = [asdict(entry) for entry in entries]
        _put(work / _ENTRIES, json.dumps(rows, ensure_ascii=False).encode())
        for cache in caches:
            _put_cache(work, cache)
        files = {p.name: _sha256(p) for p in sorted(work.iterdir())}
        manifest = {
            "format": _FORMAT,
            "files": files,
            "encoders": {_file_of(cache.encoder): cache.encoder for cache in caches},
        }
        _put(work / _MANIFEST, json.dumps(manifest, indent=1).encode())
        target = folder / f"snapshot-{number:06d}"
        work.rename(target)
        _sync(folder)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    for old in _existing(folder)[:-_KEEP]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def read(folder: Path) -> Snapshot | None:
    """Read the newest snapshot that is whole; else what is usable of the newest.

    None where there has never been one.
    """
    if not folder.is_dir():
        return None
    if not os.access(folder, os.W_OK):
        return _read(folder)
    # Another process must not drop what is being read.
    with _alone(folder):
        return _read(folder)


def _read(folder: Path) -> Snapshot | None:
    newest: Snapshot | None = None
    for path in reversed(_existing(folder)):
        snapshot = _read_one(path)
        if snapshot.damage is None:
            return snapshot
        newest = newest or snapshot
    return newest


def _read_one(path: Path) -> Snapshot:
    try:
        manifest = _checked_manifest(path)
    except IndexCorrupt as error:
        return Snapshot(None, (), str(error))
    damage: list[str] = []
    entries: tuple[Entry, ...] | None = None
    caches: list[Cached] = []
    for name, wanted in manifest["files"].items():
        try:
            _check_file(path / name, wanted)
            if name == _ENTRIES:
                entries = _read_entries(path / name)
            else:
                caches.append(_read_cache(path / name, manifest["encoders"][name]))
        except IndexCorrupt as error:
            damage.append(str(error))
    return Snapshot(entries, tuple(caches), "; ".join(damage) or None)


def _checked_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
        names = set(manifest["files"])
        if manifest["format"] != _FORMAT or _ENTRIES not in names:
            raise IndexCorrupt(f"{path} is of another format; it will be rebuilt.")
        if names - {_ENTRIES} != set(manifest["encoders"]):
            raise IndexCorrupt(f"{path / _MANIFEST} contradicts itself; it will be rebuilt.")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexCorrupt(f"{path / _MANIFEST} cannot be read ({error}).") from error
    return dict(manifest)


def _check_file(path: Path, wanted: str) -> None:
    try:
        found = _sha256(path)
    except OSError as error:
        raise IndexCorrupt(f"{path} cannot be read ({error}).") from error
    if found != wanted:
        raise IndexCorrupt(f"{path} is damaged: its sha256 is not the one written with it.")


def _read_entries(path: Path) -> tuple[Entry, ...]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(Entry(**{**r, "alternatives": tuple(r["alternatives"])}) for r in rows)
    except (ValueError, TypeError, KeyError) as error:
        raise IndexCorrupt(f"{path} does not hold entries ({error}).") from error


def _read_cache(path: Path, encoder: str) -> Cached:
    try:
        with np.load(path, allow_pickle=False) as stored:
            digests = stored["digests"]
            parts = [
                np.split(stored[name], np.cumsum(stored[f"{name}_counts"])[:-1])
                for name in ("vectors", "all", "asked", "weights")
            ]
    except (OSError, ValueError, KeyError) as error:
        raise IndexCorrupt(f"{path} does not hold vectors ({error}).") from error
    if len(digests) and {len(digests)} != {len(part) for part in parts}:
        raise IndexCorrupt(f"{path} has {len(digests)} digests for other numbers of readings.")
    readings = tuple(
        EntryReading(vectors, EntryTokens(every, asked, weights))
        for vectors, every, asked, weights in zip(*parts, strict=True)
    )
    return Cached(encoder, tuple(row.tobytes() for row in digests), readings[: len(digests)])


def _put_cache(work: Path, cache: Cached) -> None:
    digests = np.frombuffer(b"".join(cache.digests), dtype=np.uint8)
    path = work / _file_of(cache.encoder)
    parts: dict[str, list[Any]] = {
        "vectors": [reading.vectors for reading in cache.readings],
        "all": [reading.tokens.all for reading in cache.readings],
        "asked": [reading.tokens.asked for reading in cache.readings],
        "weights": [reading.tokens.weights for reading in cache.readings],
    }
    arrays: dict[str, Any] = {"digests": digests.reshape(-1, _DIGEST_BYTES)}
    for name, rows in parts.items():
        arrays[name] = np.concatenate(rows) if rows else np.zeros(0, np.float32)
        arrays[f"{name}_counts"] = np.array([len(row) for row in rows], dtype=np.int64)
    with path.open("wb") as stream:
        np.savez(stream, **arrays)
        stream.flush()
        os.fsync(stream.fileno())


def _file_of(encoder: str) -> str:
    return hashlib.sha256(encoder.encode()).hexdigest()[:12] + ".npz"


def _put(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _alone(folder: Path) -> FileLock:
    """The folder's lock; the system gives it back when its holder dies."""
    return FileLock(folder / _LOCK)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _existing(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("snapshot-*") if p.name.partition("-")[2].isdigit())
