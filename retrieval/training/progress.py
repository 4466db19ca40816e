"""Progress of long work: a bar on a terminal, a line a minute in a log file."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import Progress

_EVERY_S = 60.0


class Steps:
    """A context in which :meth:`at` tells how far the work is."""

    def __init__(self, console: Console | None = None, every: float = _EVERY_S) -> None:
        self._console = console or Console()
        self._bar = Progress(console=self._console)
        self._task = self._bar.add_task("", total=None)
        self._every = every
        self._told = float("-inf")

    def __enter__(self) -> Steps:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bar.stop()

    def at(self, what: str, step: int, steps: int) -> None:
        """Work ``what`` has done ``step`` of ``steps``."""
        self._bar.update(self._task, description=what, completed=step, total=steps)
        now = time.monotonic()
        if not self._console.is_terminal and (step == steps or now - self._told >= self._every):
            self._told = now
            self._console.print(f"{what}: {step} of {steps}")
