"""The ``grapevine`` command. Each verb is a module of its own; heavy imports wait until it runs."""

from __future__ import annotations

import typer

from web.cli import ask, calibrate, costs, doctor, eval, kb, models, up

app = typer.Typer(
    name="grapevine",
    help="A support chatbot that listens first: sourced answers in English and Chinese.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(up.up)
app.command("ask")(ask.ask)
app.command("eval")(eval.evaluate)
app.add_typer(kb.app, name="kb")
app.add_typer(costs.app, name="costs")
app.add_typer(calibrate.app, name="calibrate")
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)
