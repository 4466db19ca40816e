"""``grapevine ask``: one question, answered as a visitor would get it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from web.cli.terminal import expected_errors, fail

if TYPE_CHECKING:
    from web.conversation.models import StoredMessage


class Lang(StrEnum):
    """Languages that a question may be declared to be in."""

    EN = "en"
    ZH = "zh"


def ask(
    question: Annotated[str, typer.Argument(help="What a visitor would type.")],
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the record of evaluation files: route, ranking, p, ms."),
    ] = False,
    lang: Annotated[
        Lang | None, typer.Option(help="Language of the question; found out where unset.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Address of a running server; the one of the settings is tried, and where none "
            "answers one is started for this question.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Ask one question and show the answer with its source."""
    from web.evaluation.errors import EvaluationError

    with expected_errors():
        from web.evaluation.record import error_record, record_of

        try:
            with _server(url) as address:
                reply = _reply(address, question, lang.value if lang else None)
        except EvaluationError as error:
            raise fail(str(error)) from error
        record = record_of(question, reply, None) if reply else error_record(question, None)
    if as_json:
        typer.echo(json.dumps(record, ensure_ascii=False))
    elif reply is None:
        raise fail("the server refused the question (empty, too long or not text)")
    else:
        _show(reply)
    if record["route"] == "error":
        raise typer.Exit(1)


@contextmanager
def _server(url: str | None) -> Iterator[str]:
    """The address given, that of a server already running here, or one started for us."""
    from web.settings import Settings
    from web.supervisor.environment import local_url
    from web.supervisor.running import answers, running_product

    settings = Settings()
    address = url.rstrip("/") if url else local_url(settings)
    if answers(address):
        yield address
        return
    if url is not None:
        raise fail(f"no Grapevine answers at {url}; start it with 'grapevine up'")
    typer.echo(f"nothing answers at {address}; starting a server for this question …", err=True)
    with running_product(settings) as started:
        yield started


def _reply(address: str, question: str, lang: str | None) -> StoredMessage | None:
    from web.evaluation.asking import Asker

    asker = Asker(address)
    try:
        with asker.conversation() as say:
            return say(question, lang)
    finally:
        asker.close()


def _show(reply: StoredMessage) -> None:
    typer.echo(reply.text)
    for number, option in enumerate(reply.options, start=1):
        typer.echo(f"  {number}. {option.label}")
    provenance = reply.provenance
    if provenance is None:
        return
    typer.echo(f"\n[{provenance.route}, p {provenance.p:.2f}] {provenance.reason}", err=True)
    for entry in provenance.entries:
        typer.echo(f"  from {entry.id} revision {entry.revision}: {entry.question}", err=True)
