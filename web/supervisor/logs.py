"""Where the words of a child go: a file that does not grow for ever, and the terminal."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from logging import LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

_MAX_BYTES = 5_000_000
_BACKUPS = 3
_COLOURS = {"bot": "\x1b[35m", "web": "\x1b[36m"}


class ChildLog:
    """Lines of one child, to ``folder``/NAME.log and, with its name before them, to ``echo``."""

    def __init__(self, name: str, folder: Path, echo: TextIO | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.log"
        self._echo = echo
        self._name = name
        # The handler is used for its rotation alone; lines come ready-made from the child.
        self._file = RotatingFileHandler(
            self.path, maxBytes=_MAX_BYTES, backupCount=_BACKUPS, encoding="utf-8"
        )

    def write(self, line: str) -> None:
        """Keep one line."""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._file.emit(LogRecord(self._name, 0, "", 0, f"{stamp} {line}", None, None))
        if self._echo is not None:
            print(f"{self._prefix(self._echo)}{line}", file=self._echo, flush=True)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _prefix(self, stream: TextIO) -> str:
        if not stream.isatty():
            return f"{self._name} | "
        return f"{_COLOURS.get(self._name, '')}{self._name} |\x1b[0m "


def terminal() -> TextIO:
    """The stream that children's lines are echoed to."""
    return sys.stderr
