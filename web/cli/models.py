"""``grapevine models``: the folder of fetched and converted models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from web.cli.terminal import ModelBars, expected_errors, fail

if TYPE_CHECKING:
    from retrieval.models import ModelStore

app = typer.Typer(
    name="models",
    help="List, fetch, check and remove the models that answers are made with.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Names = Annotated[
    list[str] | None,
    typer.Argument(help="Model names; those of the settings where none is given."),
]
_MEGABYTE = 1_000_000


def _store() -> ModelStore:
    from retrieval.models import ModelStore
    from web.settings import Settings

    settings = Settings()
    return ModelStore(settings.cache_dir, settings.model_dir)


def _names(given: list[str] | None) -> list[str]:
    from web.settings import Settings
    from web.supervisor.preparation import model_names

    return given or model_names(Settings())


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show every known model, and which are in the cache."""
    with expected_errors():
        store = _store()
        infos = store.list()
    if as_json:
        rows = [
            {
                "name": info.name,
                "kind": info.kind,
                "languages": list(info.languages),
                "licence": info.licence,
                "installed": info.installed,
                "size_bytes": info.size_bytes,
                "source": info.source,
            }
            for info in infos
        ]
        typer.echo(json.dumps(rows, indent=1))
        return
    for info in infos:
        size = f"{info.size_bytes / _MEGABYTE:.0f} MB" if info.installed else "not fetched"
        languages = ",".join(info.languages)
        typer.echo(f"{info.name:<24} {info.kind:<10} {languages:<12} {info.licence:<12} {size}")
    typer.echo(f"in {store.root}")


@app.command()
def fetch(
    names: Names = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch and convert again even if it is there.")
    ] = False,
) -> None:
    """Fetch, check and convert models; what is there is left alone."""
    with expected_errors(), ModelBars() as bars:
        store = _store()
        for name in _names(names):
            folder = store.ensure(name, bars.reporter(name), force=force)
            typer.echo(f"{name} is ready in {folder}")


@app.command()
def verify(names: Names = None) -> None:
    """Hash every file of the models; exit code 1 if one is damaged or missing."""
    from retrieval.errors import ModelError

    damaged = 0
    with expected_errors():
        store = _store()
        for name in _names(names):
            try:
                store.verify(name)
                typer.echo(f"{name}: ok")
            except ModelError as error:
                damaged += 1
                typer.echo(f"{name}: {error}", err=True)
    if damaged:
        raise fail("mend damaged models with: grapevine models fetch --force NAME")


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(help="Models to delete from the cache.")],
) -> None:
    """Delete converted models from the cache; they are fetched again when wanted."""
    with expected_errors():
        store = _store()
        for name in names:
            typer.echo(f"{name}: {'removed' if store.remove(name) else 'was not there'}")
