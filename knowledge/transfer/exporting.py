"""Writing entries to a file, which takes the old file's place only once it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from knowledge.database import reading
from knowledge.errors import ExportRefused
from knowledge.rows import heads, histories, parts
from knowledge.search import matching_ids
from knowledge.store import KnowledgeStore
from knowledge.transfer import csv_format, jsonl_format, xlsx_format
from knowledge.transfer.importing import format_of, no_progress
from knowledge.transfer.report import ExportReport, Format, Progress
from knowledge.types import Entry, EntryFilter


def export_file(
    store: KnowledgeStore,
    path: Path,
    *,
    format: Format | None = None,
    wanted: EntryFilter | None = None,
    history: bool = True,
    progress: Progress = no_progress,
) -> ExportReport:
    """Write entries as CSV or XLSX (current content) or JSONL (everything).

    Without ``wanted``, JSONL holds the deleted entries too. ``history=False`` makes JSONL lines
    of current content, as ``grapevine eval`` reads them.
    Raises ImportRefused where the name tells no format, ExportRefused where the format cannot
    carry an entry or the file cannot be written.
    """
    chosen = format or format_of(path)
    everything = chosen == "jsonl" and history
    with reading(store.engine) as connection, written_whole(path) as part:
        ids = matching_ids(connection, wanted if everything else wanted or EntryFilter())
        if everything:
            with part.open("w", encoding="utf-8", newline="") as stream:
                past = read_histories(connection, ids, progress)
                count = jsonl_format.write_histories(stream, past)
        else:
            count = _write_current(part, chosen, _entries(connection, ids, progress))
    return ExportReport(format=chosen, entries=count, bytes=path.stat().st_size)


def read_histories(
    connection: Connection, ids: Sequence[str], progress: Progress = no_progress
) -> Iterator[Sequence[Entry]]:
    """All revisions of each of these entries, oldest first."""
    done = 0
    for part in parts(ids):
        found = histories(connection, part)
        yield from (found[entry_id] for entry_id in part)
        done += len(part)
        progress("writing", done, len(ids))


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A file to write to that becomes ``path`` at the end, or is removed on an error.

    Raises ExportRefused where the folder or the disk refuses.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportRefused(
            f"{path} cannot be written: {reason}; check folder, rights and free space"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _write_current(part: Path, chosen: Format, entries: Iterator[Entry]) -> int:
    match chosen:
        case "csv":
            # The mark makes Excel read UTF-8; without it, it takes the system's code page.
            with part.open("w", encoding="utf-8-sig", newline="") as stream:
                return csv_format.write(stream, entries)
        case "xlsx":
            return xlsx_format.write(part, entries)
        case "jsonl":
            with part.open("w", encoding="utf-8", newline="") as stream:
                return jsonl_format.write_contents(stream, entries)


def _entries(connection: Connection, ids: Sequence[str], progress: Progress) -> Iterator[Entry]:
    done = 0
    for part in parts(ids):
        found = heads(connection, part)
        yield from (found[entry_id] for entry_id in part)
        done += len(part)
        progress("writing", done, len(ids))
