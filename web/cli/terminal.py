"""Words to the user: what goes to which stream, and how a verb ends on an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from web.supervisor.preparation import Progress

_MEGABYTE = 1_000_000


def fail(message: str, code: int = 1) -> typer.Exit:
    """Print an error to stderr; raise what is returned to end the verb with ``code``."""
    typer.echo(f"error: {message}", err=True)
    return typer.Exit(code)


@contextmanager
def expected_errors() -> Iterator[None]:
    """Turn errors that a user can act on into one message and exit code 1; others pass.

    Each package's errors have one root; their messages say what to do.
    """
    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:
        message = _explained(error)
        if message is None:
            raise
        raise fail(message) from error


def _explained(error: Exception) -> str | None:
    """What to tell the user; None for an error that is ours to mend.

    Imports wait until there is an error: a verb that needs no database should not load one.
    """
    from pydantic import ValidationError
    from sqlalchemy.exc import SQLAlchemyError

    from generation.errors import GenerationError
    from knowledge.errors import KnowledgeError
    from retrieval.errors import RetrievalError
    from web.supervisor.errors import SupervisorError

    if isinstance(
        error, (SupervisorError, RetrievalError, KnowledgeError, GenerationError, OSError)
    ):
        return str(error)
    if isinstance(error, ValidationError) and error.title == "Settings":
        problems = "; ".join(
            f"GRAPEVINE_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}"
            for item in error.errors()
        )
        return f"a setting is wrong: {problems} (see docs/operators/settings.md)"
    if isinstance(error, SQLAlchemyError):
        first = str(error).splitlines()[0]
        return f"the database could not be used: {first}; run 'grapevine doctor'"
    return None


class ModelBars:
    """A progress bar for each model (or other piece of work) that reports in."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._console = Console(stderr=True)
        self._bars: Bars = Progress(
            TextColumn("{task.description:<24}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._said: set[tuple[str, str]] = set()

    def __enter__(self) -> ModelBars:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def stop(self) -> None:
        """Take the bars off the screen."""
        self._bars.stop()

    def reporter(self, name: str) -> Progress:
        """A reporter of (stage, done, total) for ``name``; nothing is drawn until it is called."""
        task: list[object] = []

        def report(stage: str, done: int, total: int) -> None:
            if not self._console.is_terminal:
                self._say_once(name, stage)
                return
            if not task:
                task.append(self._bars.add_task(name, total=None, note=""))
            note = stage
            if total > _MEGABYTE:
                note = f"{stage} {done / _MEGABYTE:.0f} of {total / _MEGABYTE:.0f} MB"
            self._bars.update(
                task[0],  # type: ignore[arg-type]
                completed=done,
                total=total or None,
                note=note,
            )

        return report

    def _say_once(self, name: str, stage: str) -> None:
        if (name, stage) not in self._said:
            self._said.add((name, stage))
            self._console.print(f"{name}: {stage}", highlight=False)
