"""The verbs of ``grapevine kb`` that move many entries: import, export, backup, restore-backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from knowledge.types import EntryFilter, Status
from retrieval.types import Lang
from web.cli._context import open_store
from web.cli.kb_views import print_json, print_report, report_json
from web.cli.options import Author, Json
from web.cli.terminal import ModelBars, expected_errors

#: Exit code of an import that left rows out.
ROWS_LEFT_OUT = 3

File = Annotated[Path, typer.Argument(metavar="FILE", help="The file.")]
FormatOption = Annotated[
    Literal["csv", "xlsx", "jsonl"] | None,
    typer.Option("--format", help="Told by the file's name where not given."),
]


def register(app: typer.Typer) -> None:
    """Add the verbs to ``app``."""
    app.command("import")(import_entries)
    app.command("export")(export_entries)
    app.command("backup")(backup)
    app.command("restore-backup")(restore_backup_file)


def import_entries(
    file: File,
    format_: FormatOption = None,
    encoding: Annotated[
        str | None, typer.Option(help="Such as utf-8 or gb18030; told by the bytes otherwise.")
    ] = None,
    on_existing: Annotated[
        Literal["update", "overwrite", "skip"],
        typer.Option(
            help="For ids that the base has: update (unless the base changed since the export), "
            "overwrite, or skip."
        ),
    ] = "update",
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish new entries whose row names no status.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")
    ] = False,
    author: Author = "cli",
    as_json: Json = False,
) -> None:
    """Take entries in from CSV, XLSX or JSONL; exit code 3 where rows were left out."""
    from knowledge.transfer import import_file

    with expected_errors(), open_store() as store, ModelBars() as bars:
        report = import_file(
            store,
            file,
            author=author,
            format=format_,
            encoding=encoding,
            on_existing=on_existing,
            status="published" if publish else "draft",
            dry_run=dry_run,
            progress=bars.reporter(file.name),
        )
    if as_json:
        print_json(report_json(report))
    else:
        print_report(report)
    if report.errors:
        raise typer.Exit(ROWS_LEFT_OUT)


def export_entries(
    file: File,
    format_: FormatOption = None,
    lang: Annotated[Lang | None, typer.Option(help="Only of this language.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only of this status.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only entries of this topic.")] = None,
    current: Annotated[
        bool, typer.Option("--current", help="JSONL without history, as 'eval' reads it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write entries to CSV or XLSX (current content) or JSONL (everything, deleted ones too)."""
    from knowledge.transfer import export_file

    filtered = any(value is not None for value in (lang, status, topic))
    wanted = EntryFilter(lang=lang, status=status, topic=topic)
    with expected_errors(), open_store() as store, ModelBars() as bars:
        report = export_file(
            store,
            file,
            format=format_,
            wanted=wanted if filtered else None,
            history=not current,
            progress=bars.reporter(file.name),
        )
    if as_json:
        print_json({"format": report.format, "entries": report.entries, "bytes": report.bytes})
    else:
        typer.echo(f"{file}: {report.entries:,} entries, {report.bytes:,} bytes")


def backup(file: File, as_json: Json = False) -> None:
    """Write the whole base with its history to one zip file."""
    from knowledge.backup import back_up

    with expected_errors(), open_store() as store, ModelBars() as bars:
        report = back_up(store, file, progress=bars.reporter(file.name))
    if as_json:
        print_json({
            "path": str(report.path), "entries": report.entries, "created_at": report.created_at,
            "change_seq": report.change_seq, "sha256": report.sha256,
        })  # fmt: skip
    else:
        typer.echo(f"{file}: {report.entries:,} entries with their history")


def restore_backup_file(
    file: File,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    author: Author = "cli",
    as_json: Json = False,
) -> None:
    """Make the base say what a backup holds; a backup of it as it is comes first."""
    from knowledge.backup import check_backup, restore_backup
    from web.settings import Settings

    with expected_errors():
        settings = Settings()
        found = check_backup(file)
        if not yes:
            typer.confirm(
                f"Make the base what it was at {found.created_at} ({found.entries:,} entries)? "
                "Entries made since are deleted, restorably.",
                abort=True,
                err=True,
            )
        with open_store(settings) as store, ModelBars() as bars:
            report = restore_backup(
                store,
                file,
                author=author,
                safety_folder=settings.data_dir / "backups",
                progress=bars.reporter(file.name),
            )
    if as_json:
        print_json({
            "created": report.created, "updated": report.updated, "unchanged": report.unchanged,
            "deleted": report.deleted, "safety": str(report.safety) if report.safety else None,
        })  # fmt: skip
        return
    typer.echo(
        f"{report.created:,} created, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.deleted:,} deleted"
    )
    if report.safety:
        typer.echo(f"the base as it was before: {report.safety}")
