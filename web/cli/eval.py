"""``grapevine eval``: many questions along the full path, counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from web.cli.terminal import expected_errors, fail

if TYPE_CHECKING:
    from web.evaluation.files import RowError
    from web.evaluation.summary import Asked


def evaluate(
    kb: Annotated[
        Path, typer.Option(help="Entries, one JSON object a line.", exists=True, dir_okay=False)
    ],
    queries: Annotated[
        Path | None, typer.Option(help="Questions, one a line.", exists=True, dir_okay=False)
    ] = None,
    dialogues: Annotated[
        Path | None, typer.Option(help="Dialogues, one a line.", exists=True, dir_okay=False)
    ] = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", help="Write every record and the summary here.")
    ] = None,
    jobs: Annotated[
        int, typer.Option(help="Conversations at a time; seconds a question want 1.", min=1)
    ] = 1,
) -> None:
    """Load the entries as published on a temporary folder, ask, print figures, write the result.

    Each query and each dialogue is a fresh conversation. Rows that are wrong are named and left
    out; the rest is asked.
    """
    from web.evaluation.errors import EvaluationError

    if queries is None and dialogues is None:
        raise fail("nothing to ask: give --queries, --dialogues or both", code=2)
    with expected_errors():
        try:
            result = _evaluate(kb, queries, dialogues, jobs)
        except EvaluationError as error:
            raise fail(str(error)) from error
    _print(result["summary"])
    if json_out is not None:
        json_out.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result, ensure_ascii=False, indent=2)
        json_out.write_text(text + "\n", encoding="utf-8")
        typer.echo(f"written to {json_out}", err=True)


def _evaluate(kb: Path, queries: Path | None, dialogues: Path | None, jobs: int) -> dict[str, Any]:
    from web.evaluation.asking import Asker
    from web.evaluation.files import RowError, read_dialogues, read_entries, read_queries
    from web.evaluation.path import path_holding
    from web.evaluation.summary import summarise

    entries = read_entries(kb)
    singles = read_queries(queries) if queries else None
    several = read_dialogues(dialogues) if dialogues else None
    errors = [e for rows in (entries, singles, several) if rows for e in rows.errors]

    def rejected(entry_id: str, reason: str) -> None:
        errors.append(RowError(kb.name, 0, f"entry {entry_id!r}: {reason}"))

    typer.echo(f"starting the product with {len(entries.good)} entries …", err=True)
    with path_holding(entries.good, rejected=rejected) as url:
        _report(errors)
        asker = Asker(url)
        asked, talks = _ask_all(
            asker, singles.good if singles else (), several.good if several else (), jobs
        )
        asker.close()
    summary = summarise([*asked, *(turn for talk in talks for turn in talk)])
    summary["row_errors"] = [str(error) for error in errors]
    return {
        "queries": [one.record for one in asked],
        "dialogues": [{"turns": [turn.record for turn in talk]} for talk in talks],
        "summary": summary,
    }


def _ask_all(
    asker: Any, singles: Any, several: Any, jobs: int
) -> tuple[list[Asked], list[list[Asked]]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("asking", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("asking", total=len(singles) + len(several))
        result: tuple[list[Asked], list[list[Asked]]] = asker.ask_all(
            singles, several, jobs=jobs, progress=lambda: bars.advance(task)
        )
        return result


def _report(errors: list[RowError]) -> None:
    for error in errors:
        typer.echo(f"left out: {error}", err=True)


def _print(summary: dict[str, Any]) -> None:
    from rich.console import Console

    from web.evaluation.table import print_summary

    print_summary(Console(), summary)
