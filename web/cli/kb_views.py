"""How entries and reports look in a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from knowledge.transfer import ImportReport, RowIssue
    from knowledge.types import Entry

_SHOWN_ISSUES = 20


def print_json(value: Any) -> None:
    """Print ``value`` as indented JSON, texts as they read."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def entry_json(entry: Entry) -> dict[str, Any]:
    """An entry at one revision, as ``--json`` prints it and JSONL files hold it."""
    from knowledge.transfer.jsonl_format import revision_object

    return {
        "id": entry.id,
        **revision_object(entry),
        "created_at": entry.created_at.isoformat(),
    }


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headers; the first column is never cut."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, header in enumerate(headers):
        table.add_column(header, no_wrap=place == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console().print(table)


def print_entry(entry: Entry) -> None:
    """Print an entry field by field."""
    rows: list[tuple[str, object]] = [
        ("id", entry.id),
        ("revision", f"{entry.revision}, {entry.action} by {entry.author}, {_time(entry)}"),
        ("status", "deleted" if entry.deleted else entry.status),
        ("lang", entry.lang),
        ("topic", entry.topic or "-"),
        ("question", entry.question),
        *(("also asked as", text) for text in entry.alternatives),
        ("answer", entry.answer),
    ]
    if entry.valid_from or entry.valid_to:
        rows.append(("valid", f"{entry.valid_from or 'always'} until {entry.valid_to or 'always'}"))
    if entry.translation_of:
        rows.append(("translation of", entry.translation_of))
    for link in entry.evidence:
        note = f" ({link.note})" if link.note else ""
        rows.append(("evidence", f"{link.kind} {link.ref} {link.url or ''}{note}"))
    print_table(("field", "value"), rows)


def print_entries(entries: Iterable[Entry]) -> None:
    """Print one line an entry."""
    print_table(
        ("id", "rev", "lang", "status", "topic", "question"),
        (
            (e.id, e.revision, e.lang, "deleted" if e.deleted else e.status, e.topic or "-",
             e.question)
            for e in entries
        ),
    )  # fmt: skip


def print_history(entries: Iterable[Entry]) -> None:
    """Print one line a revision."""
    print_table(
        ("rev", "when", "what", "by", "status", "question", "answer"),
        (
            (e.revision, _time(e), e.action, e.author, "deleted" if e.deleted else e.status,
             e.question, e.answer)
            for e in entries
        ),
    )  # fmt: skip


def report_json(report: ImportReport) -> dict[str, Any]:
    """An import report as ``--json`` prints it."""
    return {
        "format": report.format,
        "dry_run": report.dry_run,
        "encoding": report.encoding,
        "encoding_reason": report.encoding_reason,
        "delimiter": report.delimiter,
        "rows": report.rows,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "skipped": report.skipped,
        "errors": [_issue_json(issue) for issue in report.errors],
        "warnings": [_issue_json(issue) for issue in report.warnings],
        "notes": report.notes,
    }


def print_report(report: ImportReport) -> None:
    """Print the sums to stdout, what went wrong to stderr."""
    if report.encoding:
        delimiter = f", delimiter {report.delimiter}" if report.delimiter else ""
        typer.echo(f"read as {report.encoding} ({report.encoding_reason}){delimiter}")
    for note in report.notes:
        typer.echo(f"note: {note}", err=True)
    for kind, issues in (("error", report.errors), ("warning", report.warnings)):
        for issue in issues[:_SHOWN_ISSUES]:
            typer.echo(f"{kind}: {issue}", err=True)
        if len(issues) > _SHOWN_ISSUES:
            more = len(issues) - _SHOWN_ISSUES
            typer.echo(f"{kind}: {more:,} more of these; --json shows all", err=True)
    rows_out = len({issue.row for issue in report.errors})
    typer.echo(
        f"{report.rows:,} rows: {len(report.created):,} created, "
        f"{len(report.updated):,} updated, {len(report.unchanged):,} unchanged, "
        f"{report.skipped:,} skipped, {rows_out:,} with errors"
        + (" (dry run: nothing was written)" if report.dry_run else "")
    )


def _issue_json(issue: RowIssue) -> dict[str, Any]:
    return {
        "row": issue.row,
        "column": issue.column,
        "what": issue.what,
        "remedy": issue.remedy,
    }


def _time(entry: Entry) -> str:
    return f"{entry.updated_at:%Y-%m-%d %H:%M:%S}"
