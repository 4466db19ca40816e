"""``grapevine up``: everything that answering needs, from one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from web.cli.terminal import ModelBars, expected_errors

if TYPE_CHECKING:
    from web.settings import Settings


def up(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [GRAPEVINE_HOST]", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Port of the web process. [GRAPEVINE_PORT]", show_default=False),
    ] = None,
    bot_port: Annotated[
        int | None,
        typer.Option(
            help="Loopback port of the Rasa server. [GRAPEVINE_BOT_PORT]", show_default=False
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Folder of database, index and trained bot. [GRAPEVINE_DATA_DIR]",
            show_default=False,
        ),
    ] = None,
    demo: Annotated[
        bool | None,
        typer.Option(
            "--demo/--no-demo",
            help="Serve the demo site; load its entries into an empty base. [GRAPEVINE_DEMO]",
            show_default=False,
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in a browser once it can answer.")
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", help="Keep the processes' lines to the log files."),
    ] = False,
) -> None:
    """Prepare what is missing, start both processes and keep them running until Ctrl-C.

    Fetches and converts models, brings the database up to date, loads the demo entries into an
    empty base, trains the bot if it was edited, then prints the addresses.
    """
    chosen: dict[str, Any] = {
        "host": host,
        "port": port,
        "bot_port": bot_port,
        "data_dir": data_dir,
        "demo": demo,
    }
    with expected_errors():
        from web.settings import Settings

        settings = Settings(**{name: value for name, value in chosen.items() if value is not None})
        _run(settings, open_browser=open_browser, quiet=quiet)


def _run(settings: Settings, *, open_browser: bool, quiet: bool) -> None:
    import asyncio

    from web.supervisor.logs import terminal
    from web.supervisor.supervisor import Reporter, Supervisor

    with ModelBars() as bars:

        def ready(url: str) -> None:
            bars.stop()
            _announce(settings, url)
            if open_browser:
                typer.launch(url)

        reporter = Reporter(
            step=typer.echo,
            progress=bars.reporter,
            ready=ready,
            echo=None if quiet else terminal(),
        )
        asyncio.run(Supervisor(settings, reporter).run())


def _announce(settings: Settings, url: str) -> None:
    rows: list[tuple[str, Any]] = [
        ("site with the widget" if settings.demo else "widget and API", f"{url}/"),
        ("API document", f"{url}/openapi.json"),
        ("data and logs", settings.data_dir),
    ]
    typer.echo("\nGrapevine is ready.")
    for name, value in rows:
        typer.echo(f"  {name:<22}{value}")
    typer.echo("Ctrl-C stops it.\n")
