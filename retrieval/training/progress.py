"""Progress of long work: a bar on a terminal, a line a minute in a log file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

_EVERY_S = 60.0


@contextmanager
def progress(
    console: Console | None = None, every: float = _EVERY_S
) -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function to be told what is being done, the step and how many there are."""
    console = console or Console()
    if console.is_terminal:
        with Progress(console=console) as bar:
            task = bar.add_task("", total=None)
            yield lambda what, step, steps: bar.update(
                task, description=what, completed=step, total=steps
            )
        return
    told = float("-inf")

    def tell(what: str, step: int, steps: int) -> None:
        nonlocal told
        now = time.monotonic()
        if step == steps or now - told >= every:
            told = now
            console.print(f"{what}: {step} of {steps}")

    yield tell
