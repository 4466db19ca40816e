"""The index on disk: entries and what the encoders make of them, written as a whole.

Readings are written in blocks and mapped when they are read, so that neither takes a large base's
memory.

A snapshot is a folder ``snapshot-N``; it is written under another name and renamed, so that one
is either whole or not there. The two newest are kept. Each file has its sha256 in the manifest and
can be judged on its own: where the entries are damaged but the readings are not, these still spare
encoding.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, overload

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from retrieval.catalogue import texts_of
from retrieval.errors import IndexCorrupt
from retrieval.tokens import EntryReading, EntryTokens
from retrieval.types import Entry

_FORMAT = 3
_ENTRIES = "entries.json"
_MANIFEST = "manifest.json"
_UNFINISHED = ".writing-"
_LOCK = ".lock"
_KEEP = 2
_DIGEST_BYTES = 16
_PARTS = ("vectors", "all", "asked", "weights")


@dataclass(frozen=True, slots=True)
class Block:
    """What one encoder makes of some entries, by the digest of their texts."""

    encoder: str
    digests: tuple[bytes, ...]
    readings: Sequence[EntryReading]


@dataclass(frozen=True, slots=True)
class _Mapped(Sequence[EntryReading]):
    """Readings in a file: an array for each of their four parts, and the bounds of each in it."""

    parts: tuple[NDArray[Any], ...]
    bounds: tuple[NDArray[np.int64], ...]

    def __len__(self) -> int:
        return len(self.bounds[0]) - 1

    @overload
    def __getitem__(self, number: int) -> EntryReading: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[EntryReading]: ...
    def __getitem__(self, number: int | slice) -> EntryReading | Sequence[EntryReading]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        vectors, every, asked, weights = (
            part[bound[number] : bound[number + 1]]
            for part, bound in zip(self.parts, self.bounds, strict=True)
        )
        return EntryReading(vectors, EntryTokens(every, asked, weights))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read: ``entries`` is None, and ``damage`` says why, where they cannot be trusted."""

    entries: tuple[Entry, ...] | None
    blocks: tuple[Block, ...]
    damage: str | None


def entry_digest(entry: Entry) -> bytes:
    """Key of what an encoder makes of an entry: the texts that it reads."""
    phrasings, whole = texts_of(entry)
    texts = "\x1f".join([*phrasings, whole])
    return hashlib.sha256(texts.encode()).digest()[:_DIGEST_BYTES]


def write(folder: Path, entries: Sequence[Entry], blocks: Iterable[Block]) -> Path:
    """Write a snapshot atomically and drop all but the newest two. Raises OSError.

    Several processes may share the folder: they write one after the other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        # What is there now was left by a process that was killed while it wrote.
        for left in folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        return _write(folder, entries, blocks)


def _write(folder: Path, entries: Sequence[Entry], blocks: Iterable[Block]) -> Path:
    number = max((int(p.name.partition("-")[2]) for p in _existing(folder)), default=0) + 1
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        encoders = {}
        for place, block in enumerate(blocks):
            name = f"{place:06d}.block"
            encoders[name] = block.encoder
            _put_block(work / name, block)
        _put_entries(work / _ENTRIES, entries)
        files = {p.name: _sha256(p) for p in sorted(work.iterdir())}
        manifest = {"format": _FORMAT, "files": files, "encoders": encoders}
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
    blocks: list[Block] = []
    for name, wanted in manifest["files"].items():
        try:
            _check_file(path / name, wanted)
            if name == _ENTRIES:
                entries = _read_entries(path / name)
            else:
                blocks.append(_read_block(path / name, manifest["encoders"][name]))
        except IndexCorrupt as error:
            damage.append(str(error))
    return Snapshot(entries, tuple(blocks), "; ".join(damage) or None)


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


def _read_block(path: Path, encoder: str) -> Block:
    try:
        with path.open("rb") as stream:
            digests, *rest = [_mapped(stream) for _ in range(1 + 2 * len(_PARTS))]
    except (OSError, ValueError, EOFError) as error:
        raise IndexCorrupt(f"{path} does not hold vectors ({error}).") from error
    counts, parts = rest[: len(_PARTS)], tuple(rest[len(_PARTS) :])
    if {len(digests)} != {len(one) for one in counts}:
        raise IndexCorrupt(f"{path} has {len(digests)} digests for other numbers of readings.")
    bounds = tuple(np.concatenate([[0], np.cumsum(one)]) for one in counts)
    if any(bound[-1] != len(part) for bound, part in zip(bounds, parts, strict=True)):
        raise IndexCorrupt(f"{path} has other numbers of rows than it says.")
    return Block(encoder, tuple(row.tobytes() for row in digests), _Mapped(parts, bounds))


def _put_block(path: Path, block: Block) -> None:
    """Digests, how many rows each reading has of each part, and the parts: npy after npy."""
    digests = np.frombuffer(b"".join(block.digests), dtype=np.uint8)
    parts: list[list[NDArray[Any]]] = [
        [reading.vectors for reading in block.readings],
        [reading.tokens.all for reading in block.readings],
        [reading.tokens.asked for reading in block.readings],
        [reading.tokens.weights for reading in block.readings],
    ]
    with path.open("wb") as stream:
        np.save(stream, digests.reshape(-1, _DIGEST_BYTES))
        for rows in parts:
            np.save(stream, np.array([len(row) for row in rows], dtype=np.int64))
        for rows in parts:
            np.save(stream, np.concatenate(rows))
        stream.flush()
        os.fsync(stream.fileno())


def _mapped(stream: BinaryIO) -> NDArray[Any]:
    """The array at this point of an open file, memory-mapped; the stream is then behind it."""
    np.lib.format.read_magic(stream)
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    start = stream.tell()
    size = math.prod(shape) * dtype.itemsize
    mapped: NDArray[Any] = (
        np.memmap(stream, dtype, mode="r", offset=start, shape=shape)
        if size
        else np.empty(shape, dtype)
    )
    stream.seek(start + size)
    return mapped


def _put_entries(path: Path, entries: Sequence[Entry]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for number, entry in enumerate(entries):
            stream.write(",\n" if number else "\n")
            stream.write(json.dumps(asdict(entry), ensure_ascii=False))
        stream.write("\n]\n")
        stream.flush()
        os.fsync(stream.fileno())


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
