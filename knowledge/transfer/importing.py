"""Taking entries in from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from knowledge import rows
from knowledge.database import reading, writing
from knowledge.errors import ImportRefused
from knowledge.store import KnowledgeStore
from knowledge.transfer import csv_format, jsonl_format, xlsx_format
from knowledge.transfer.cells import Incoming
from knowledge.transfer.planning import OnExisting, Options, Planner
from knowledge.transfer.report import Format, ImportReport, Limits, Progress, RowIssue
from knowledge.types import Status

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".xlsx": "xlsx", ".xlsm": "xlsx",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
}  # fmt: skip


def no_progress(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def import_file(
    store: KnowledgeStore,
    path: Path,
    *,
    author: str,
    format: Format | None = None,
    encoding: str | None = None,
    on_existing: OnExisting = "update",
    status: Status = "draft",
    dry_run: bool = False,
    limits: Limits | None = None,
    progress: Progress = no_progress,
) -> ImportReport:
    """Take in the rows of a CSV, XLSX or JSONL file; the good ones, where some are bad.

    The file is read whole first; then all good rows are written in one transaction, or none on
    a dry run. ``format`` is told by the file's name where it is not given, ``encoding`` by its
    bytes. ``status`` is given to new entries whose row names none.
    Raises ImportRefused where the file as a whole cannot be taken.
    """
    limits = limits or Limits()
    chosen = format or format_of(path)
    _check_file(path, chosen, limits)
    report = ImportReport(format=chosen, dry_run=dry_run)
    match chosen:
        case "csv":
            source = csv_format.read(path, report, encoding, progress)
        case "xlsx":
            source = xlsx_format.read(path, report, limits, progress)
        case "jsonl":
            source = jsonl_format.read(path, report, encoding, progress)
    incoming = collect(source, report, limits)
    options = Options(author=author, on_existing=on_existing, status=status)
    write_incoming(store, incoming, options, report, progress)
    report.issues.sort(key=lambda issue: issue.row)
    return report


def format_of(path: Path) -> Format:
    """The format that a file's name tells. Raises ImportRefused where it tells none."""
    found = _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise ImportRefused(
            f"{path.name}: the format cannot be told from the name; name it .csv, .xlsx or "
            ".jsonl, or say which it is"
        )
    return found


def collect(
    source: Iterator[Incoming | list[RowIssue]], report: ImportReport, limits: Limits
) -> list[Incoming]:
    """The readable rows; problems of the others go into ``report``. Raises ImportRefused."""
    incoming: list[Incoming] = []
    for item in source:
        report.rows += 1
        if report.rows > limits.rows:
            raise ImportRefused(
                f"the file has more than {limits.rows:,} rows; split it into several files"
            )
        if isinstance(item, Incoming):
            incoming.append(item)
        else:
            report.issues += item
    return incoming


def write_incoming(
    store: KnowledgeStore,
    incoming: list[Incoming],
    options: Options,
    report: ImportReport,
    progress: Progress,
) -> None:
    """Plan the rows against the base and, unless it is a dry run, write them as one."""
    if report.dry_run:
        with reading(store.engine) as connection:
            Planner(connection, options, report, store.clock()).plan(incoming)
        return
    with writing(store.engine) as connection:
        seq = rows.lock_changes(connection)
        planner = Planner(connection, options, report, store.clock())
        planner.plan(incoming)
        total = len(planner.revisions)
        for start in range(0, total, rows.BATCH):
            part = planner.revisions[start : start + rows.BATCH]
            seq = rows.append(connection, seq, part, planner.now)
            progress("writing", start + len(part), total)


def _check_file(path: Path, chosen: Format, limits: Limits) -> None:
    """Raises ImportRefused where the file is not there, too large, or not what its name says."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ImportRefused(f"{path} cannot be read: {reason}; check the path") from error
    if size > limits.file_bytes:
        raise ImportRefused(
            f"{path.name} has {size:,} bytes, at most {limits.file_bytes:,} are taken; split it"
        )
    if head == _OLD_EXCEL:
        raise ImportRefused(f"{path.name} is an old .xls workbook; save it as .xlsx")
    if head == _ZIP and chosen != "xlsx":
        raise ImportRefused(f"{path.name} is a workbook or an archive; import it as xlsx")
    if head != _ZIP and chosen == "xlsx":
        raise ImportRefused(
            f"{path.name} is not an .xlsx workbook; import it as csv, or save it so"
        )
