"""``grapevine costs``: what each route costs in each state of the world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from web.cli._context import open_database
from web.cli.kb_views import print_json, print_table
from web.cli.options import Author, Json, Note
from web.cli.terminal import expected_errors, fail

if TYPE_CHECKING:
    from web.costs import CostRecord, CostStore

app = typer.Typer(
    name="costs",
    help="Show and edit the cost matrix that routes are chosen by.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def show(
    revision: Annotated[
        int | None, typer.Option(help="An older revision instead of the newest.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the costs: a line for each route, a column for each state."""
    from bot.routing import ROUTES, STATES

    with _costs() as store:
        past = {record.costs.revision: record for record in store.history()}
    if revision is not None and revision not in past:
        raise fail(f"there is no revision {revision}; there are 1 to {max(past)}")
    record = past[revision or max(past)]
    if as_json:
        print_json(_json(record))
        return
    matrix = record.costs.matrix
    print_table(
        ("route", *STATES),
        [(route, *(f"{matrix[route][state]:g}" for state in STATES)) for route in ROUTES],
    )
    typer.echo(_line(record))


@app.command("set")
def set_cost(
    route: Annotated[str, typer.Argument(help="Such as answer, clarify or decline.")],
    state: Annotated[str, typer.Argument(help="Such as top, option or uncovered.")],
    value: Annotated[
        float, typer.Argument(help="0 is what one wishes, 1.5 a plainly wrong answer.")
    ],
    author: Author = "cli",
    note: Note = "",
) -> None:
    """Change one cost; it counts from the next message on."""
    with _costs() as store:
        record = store.set(route, state, value, author=author, note=note)
    typer.echo(f"{route} in {state} costs {value:g}; {_line(record)}")


@app.command()
def history(as_json: Json = False) -> None:
    """Show all revisions, newest first."""
    with _costs() as store:
        records = store.history()
    if as_json:
        print_json([_json(record) for record in records])
        return
    print_table(
        ("rev", "when", "by", "note"),
        [
            (record.costs.revision, f"{record.at:%Y-%m-%d %H:%M:%S}", record.author, record.note)
            for record in records
        ],
    )


@app.command()
def revert(
    revision: Annotated[int, typer.Argument(help="The revision whose costs count again.")],
    author: Author = "cli",
    note: Note = "",
) -> None:
    """Make the costs of an older revision count again, as a new revision."""
    with _costs() as store:
        record = store.revert(revision, author=author, note=note)
    typer.echo(_line(record))


@contextmanager
def _costs() -> Iterator[CostStore]:
    from web.costs import CostsError, CostStore

    with expected_errors(), open_database() as engine:
        try:
            yield CostStore(engine)
        except CostsError as error:
            raise fail(str(error)) from error


def _json(record: CostRecord) -> dict[str, object]:
    return record.costs.to_dict() | {
        "author": record.author,
        "note": record.note,
        "at": record.at.isoformat(),
    }


def _line(record: CostRecord) -> str:
    note = f" ({record.note})" if record.note else ""
    return (
        f"revision {record.costs.revision} by {record.author}, {record.at:%Y-%m-%d %H:%M:%S}{note}"
    )
