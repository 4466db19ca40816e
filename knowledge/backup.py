"""Backup and restore of the whole base: one zip file with every revision and a manifest.

A restore makes the base say what it said at the time of the backup. It is written on top of the
history, as revisions like any others: what was written since stays there to look up and undo,
and no revision number ever means two things. An empty base becomes exactly the one backed up.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata as packages
from pathlib import Path
from typing import IO, Any

from knowledge import changes, rows
from knowledge.database import reading, writing
from knowledge.errors import BackupInvalid
from knowledge.identity import make_entry
from knowledge.search import matching_ids
from knowledge.store import KnowledgeStore
from knowledge.transfer.cells import Incoming
from knowledge.transfer.exporting import read_histories, written_whole
from knowledge.transfer.importing import no_progress
from knowledge.transfer.jsonl_format import parse_line, write_histories
from knowledge.transfer.planning import Options, Planner
from knowledge.transfer.report import ImportReport, Progress

FORMAT = "grapevine-knowledge-backup"
VERSION = 1
_ENTRIES = "entries.jsonl"
_MANIFEST = "manifest.json"
_MAX_MANIFEST = 64 * 1024
_BLOCK = 1024 * 1024
_TAKE_ANOTHER = "take another backup; nothing was changed"


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds."""

    path: Path
    entries: int
    created_at: str
    change_seq: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore did; ``safety`` is the backup taken before it, None of an empty base."""

    created: int
    updated: int
    unchanged: int
    deleted: int
    safety: Path | None


def back_up(store: KnowledgeStore, path: Path, *, progress: Progress = no_progress) -> BackupReport:
    """Write every entry with its history to ``path``. Raises ExportRefused.

    Reads one state of the base, while others go on writing.
    """
    now = store.clock().isoformat()
    with reading(store.engine) as connection, written_whole(path) as part:
        ids = matching_ids(connection, None)
        seq = changes.last_seq(connection)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(_ENTRIES, "w", force_zip64=True) as raw:
                stream = _Hashing(raw)
                count = write_histories(stream, read_histories(connection, ids, progress))
            manifest = {
                "format": FORMAT,
                "version": VERSION,
                "product": _product_version(),
                "created_at": now,
                "entries": count,
                "change_seq": seq,
                "files": {_ENTRIES: {"sha256": stream.hexdigest(), "bytes": stream.size}},
            }
            archive.writestr(_MANIFEST, json.dumps(manifest, indent=2))
    return BackupReport(path, count, now, seq, stream.hexdigest())


def check_backup(path: Path) -> BackupReport:
    """What a backup says of itself, once its checksums are right. Raises BackupInvalid."""
    with _opened(path) as archive:
        return _checked(path, archive)


def restore_backup(
    store: KnowledgeStore,
    path: Path,
    *,
    author: str,
    safety_folder: Path,
    progress: Progress = no_progress,
) -> RestoreReport:
    """Make the base say what the backup holds; entries made since are deleted (restorably).

    The archive is checked and read whole before anything is touched, and a backup of the base
    as it is goes to ``safety_folder``. One transaction. Raises BackupInvalid, ExportRefused.
    """
    incoming = _read(path, progress)
    safety = _safety_backup(store, safety_folder)
    report = ImportReport(format="jsonl", dry_run=False)
    with writing(store.engine) as connection:
        seq = rows.lock_changes(connection)
        now = store.clock()
        options = Options(author=author, on_existing="overwrite")
        planner = Planner(connection, options, report, now)
        planner.plan(incoming)
        if report.errors:
            raise BackupInvalid(f"{path.name}: {report.errors[0]}; {_TAKE_ANOTHER}")
        kept = {one.entry_id for one in incoming}
        surplus = [one for one in matching_ids(connection, None) if one not in kept]
        deleted = [
            make_entry(
                entry.content, entry.id, entry.revision + 1, author, "delete",
                created=entry.created_at, at=max(now, entry.updated_at), deleted=True,
            )
            for entry in rows.heads(connection, surplus).values()
            if not entry.deleted
        ]  # fmt: skip
        rows.append(connection, seq, planner.revisions + deleted, now)
    return RestoreReport(
        created=len(report.created),
        updated=len(report.updated),
        unchanged=len(report.unchanged),
        deleted=len(deleted),
        safety=safety,
    )


def _safety_backup(store: KnowledgeStore, folder: Path) -> Path | None:
    with reading(store.engine) as connection:
        if changes.last_seq(connection) == 0:
            return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"before-restore-{store.clock():%Y%m%dT%H%M%S%fZ}.zip"
    return back_up(store, path).path


def _read(path: Path, progress: Progress) -> list[Incoming]:
    """Every entry of the backup, checked. Raises BackupInvalid."""
    with _opened(path) as archive:
        manifest = _checked(path, archive)
        incoming: list[Incoming] = []
        with (
            archive.open(_ENTRIES) as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="") as lines,
        ):
            for number, line in enumerate(lines, start=1):
                found = parse_line(number, line, "UTF-8", set())
                if not isinstance(found, Incoming):
                    raise BackupInvalid(f"{path.name}: {found[0]}; {_TAKE_ANOTHER}")
                if not found.history:
                    raise BackupInvalid(
                        f"{path.name}: line {number} has no history; {_TAKE_ANOTHER}"
                    )
                incoming.append(found)
                progress("reading", number, manifest.entries)
    if len(incoming) != manifest.entries:
        raise BackupInvalid(
            f"{path.name} holds {len(incoming)} entries, its manifest says {manifest.entries}; "
            f"{_TAKE_ANOTHER}"
        )
    return incoming


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever is wrong with it on the way becomes BackupInvalid."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        raise BackupInvalid(f"there is no file {path}; check the path") from None
    except (
        zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RecursionError,
        NotImplementedError, OSError, RuntimeError,
    ) as error:  # fmt: skip
        raise BackupInvalid(
            f"{path.name} is damaged or no backup ({error}); use another one; nothing was changed"
        ) from error


def _checked(path: Path, archive: zipfile.ZipFile) -> BackupReport:
    """The manifest, once format, version, size and checksum are right. Raises BackupInvalid."""
    if archive.getinfo(_MANIFEST).file_size > _MAX_MANIFEST:
        raise ValueError("its manifest is too long")
    manifest: Any = json.loads(archive.read(_MANIFEST))
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError("its manifest is another program's")
    if manifest.get("version") != VERSION:
        raise BackupInvalid(
            f"{path.name} is a backup of version {manifest.get('version')!r}, this program reads "
            f"{VERSION}; use the program that made it ({manifest.get('product')})"
        )
    try:
        told = manifest["files"][_ENTRIES]
        entries, seq = int(manifest["entries"]), int(manifest["change_seq"])
        size, digest, created = int(told["bytes"]), str(told["sha256"]), manifest["created_at"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"its manifest is incomplete: {error}") from error
    if archive.getinfo(_ENTRIES).file_size != size:
        raise ValueError(f"{_ENTRIES} has another size than its manifest says")
    found = hashlib.sha256()
    with archive.open(_ENTRIES) as file:
        while block := file.read(_BLOCK):
            found.update(block)
    if found.hexdigest() != digest:
        raise ValueError(f"the checksum of {_ENTRIES} is wrong")
    return BackupReport(path, entries, str(created), seq, digest)


class _Hashing:
    """Takes text, passes it on to ``target`` in UTF-8, and counts and hashes it."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, text: str) -> int:
        """Write, count and hash ``text``."""
        data = text.encode()
        self._hash.update(data)
        self.size += len(data)
        self._target.write(data)
        return len(text)

    def hexdigest(self) -> str:
        """The sha256 of all that was written."""
        return self._hash.hexdigest()


def _product_version() -> str:
    try:
        return f"grapevine {packages.version('grapevine')}"
    except packages.PackageNotFoundError:
        return "grapevine"
