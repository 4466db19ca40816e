"""``grapevine calibrate``: judging answers, and correcting probabilities by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from web.cli._context import open_database
from web.cli.kb_views import print_json, print_table
from web.cli.options import Author, Json, Note
from web.cli.terminal import expected_errors, fail

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from web.correction_effect import Effect
    from web.corrections import CorrectionRecord
    from web.judging import Collected

app = typer.Typer(
    name="calibrate",
    help="Judge answers, and correct probabilities by what thumbs and verdicts say.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


_SHOWN_QUESTION = 60
_PARTLY = 3


@app.command()
def answers(
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 20,
    unjudged: Annotated[
        bool, typer.Option("--unjudged", help="Leave out those that have a verdict.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the newest answers that can be judged, with their message ids."""
    from web.judging import Judging

    with _database() as engine:
        found = Judging(engine).answers(limit, unjudged=unjudged)
    if as_json:
        print_json([asdict(one) | {"at": one.at.isoformat()} for one in found])
        return
    print_table(
        ("message", "p", "route", "entries", "thumb", "verdict", "question"),
        [
            (one.message_id, f"{one.p:.2f}", one.route, " ".join(one.entry_ids), one.thumb or "-",
             one.verdict or "-", one.question[:_SHOWN_QUESTION])
            for one in found
        ],
    )  # fmt: skip


@app.command()
def verdict(
    message_id: Annotated[str, typer.Argument(help="Id of the answer, or of its question.")],
    what: Annotated[
        str,
        typer.Argument(
            metavar="VERDICT",
            help="right, wrong, or not-covered where no entry of the base answers the question.",
        ),
    ],
    author: Author = "cli",
) -> None:
    """Judge one answer; a later verdict stands in place of an earlier one."""
    from web.judging import Judging

    with _database() as engine:
        Judging(engine).judge(message_id, what, author=author)
    typer.echo(f"{message_id}: {what}")


@app.command("import")
def import_verdicts(
    file: Annotated[
        Path,
        typer.Argument(help='One {"message_id", "verdict"} a line.', exists=True, dir_okay=False),
    ],
    author: Author = "cli",
    as_json: Json = False,
) -> None:
    """Take verdicts from a file; rows that are wrong are named and left out (exit code 3)."""
    from web.judging import Judging, JudgingError, verdict_in

    taken, problems = 0, []
    with _database() as engine:
        judging = Judging(engine)
        for number, line in enumerate(file.read_bytes().splitlines(), start=1):
            if not line.strip():
                continue
            try:
                judging.judge(*verdict_in(line), author=author)
                taken += 1
            except JudgingError as error:
                problems.append({"row": number, "what": str(error)})
    if as_json:
        print_json({"taken": taken, "errors": problems})
    else:
        for problem in problems:
            typer.echo(f"left out: row {problem['row']}: {problem['what']}", err=True)
        typer.echo(f"{taken} verdicts taken, {len(problems)} rows with errors")
    if problems:
        raise typer.Exit(_PARTLY)


@app.command()
def show(as_json: Json = False) -> None:
    """Show the correction, and how judged answers stand with it and without."""
    from web.correction_effect import effect_of
    from web.corrections import CorrectionStore
    from web.judging import Judging

    with _database() as engine:
        record, said = CorrectionStore(engine).current(), Judging(engine).collect()
    effect = effect_of(said.judgements, [record.correction] * len(said.judgements))
    if as_json:
        print_json({"record": _json(record), **_said(said), "effect": asdict(effect)})
        return
    typer.echo(_line(record))
    _print(said, effect)


@app.command()
def fit(
    apply: Annotated[
        bool, typer.Option("--apply", help="Make it count from the next message on.")
    ] = False,
    author: Author = "cli",
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Fit a correction, and show what it does to judgements that are held out in turn."""
    from retrieval.correction import Correction
    from retrieval.refit import fit as fit_to
    from retrieval.refit import held_out
    from web.correction_effect import effect_of
    from web.corrections import CorrectionStore
    from web.judging import Judging

    with _database() as engine:
        said = Judging(engine).collect()
        if not said.judgements:
            raise fail(
                "nothing was judged yet; list answers with 'grapevine calibrate answers' and judge "
                "them with 'grapevine calibrate verdict'"
            )
        fitted = fit_to(said.judgements)
        found = Correction(round(fitted.correction.scale, 4), round(fitted.correction.shift, 4))
        effect = effect_of(said.judgements, held_out(said.judgements))
        record = None
        if apply:
            counts = {"thumbs": said.count("thumb"), "verdicts": said.count("verdict")}
            record = CorrectionStore(engine).apply(found, **counts, author=author, note=note)
    if as_json:
        print_json(
            {
                "scale": found.scale,
                "shift": found.shift,
                "bias": round(fitted.bias, 4),
                **_said(said),
                "held_out": asdict(effect),
                "record": _json(record) if record else None,
            }
        )
        return
    typer.echo(f"scale {found.scale:.3f}, shift {found.shift:+.3f}")
    typer.echo("what it does to judgements that it was not fitted to, each fifth in turn:")
    _print(said, effect)
    if not effect.helps:
        typer.echo("it does not help there: more judgements are needed", err=True)
    typer.echo(_line(record) if record else "nothing is changed; --apply makes it count")


@app.command()
def undo(author: Author = "cli", note: Note = "") -> None:
    """Make the correction before the newest count again; once more, the one before that."""
    from web.corrections import CorrectionStore

    with _database() as engine:
        record = CorrectionStore(engine).undo(author=author, note=note)
    typer.echo(_line(record))


@app.command()
def history(as_json: Json = False) -> None:
    """Show all revisions of the correction, newest first."""
    from web.corrections import CorrectionStore

    with _database() as engine:
        records = CorrectionStore(engine).history()
    if as_json:
        print_json([_json(record) for record in records])
        return
    print_table(
        ("rev", "scale", "shift", "thumbs", "verdicts", "when", "by", "note"),
        [
            (r.revision, f"{r.correction.scale:.3f}", f"{r.correction.shift:+.3f}", r.thumbs,
             r.verdicts, f"{r.at:%Y-%m-%d %H:%M:%S}" if r.at else "-", r.author, r.note)
            for r in records
        ],
    )  # fmt: skip


@contextmanager
def _database() -> Iterator[Engine]:
    from web.corrections import CorrectionsError
    from web.judging import JudgingError

    with expected_errors(), open_database() as engine:
        try:
            yield engine
        except (CorrectionsError, JudgingError) as error:
            raise fail(str(error)) from error


def _print(said: Collected, effect: Effect) -> None:
    names = {"verdict": "verdicts", "thumb": "thumbs"}
    print_table(
        ("judged by", "n", "right", "log loss as fitted", "corrected"),
        [
            (names[one.source], one.count, f"{one.right:.0%}", f"{one.log_loss_fitted:.3f}",
             f"{one.log_loss_corrected:.3f}")
            for one in effect.parts
        ],
    )  # fmt: skip
    if said.passed_over:
        typer.echo(f"{said.passed_over} thumbs or verdicts could not be used")
    print_table(
        ("n", "p as fitted", "p corrected", "right"),
        [
            (one.count, f"{one.fitted:.0%}", f"{one.corrected:.0%}", f"{one.right:.0%}")
            for one in effect.bins
        ],
    )


def _said(said: Collected) -> dict[str, int]:
    return {
        "thumbs": said.count("thumb"),
        "verdicts": said.count("verdict"),
        "passed_over": said.passed_over,
    }


def _json(record: CorrectionRecord) -> dict[str, object]:
    values = asdict(record)
    numbers: dict[str, object] = values.pop("correction")
    return numbers | values | {"at": record.at.isoformat() if record.at else None}


def _line(record: CorrectionRecord) -> str:
    if record.at is None:
        return "revision 0: the probabilities are as fitted"
    note = f" ({record.note})" if record.note else ""
    return (
        f"revision {record.revision}: scale {record.correction.scale:.3f}, shift "
        f"{record.correction.shift:+.3f}, by {record.author}, {record.at:%Y-%m-%d %H:%M:%S}{note}"
    )
