"""Runs pip with one line of progress in place of its hundreds; used by ``environments.py``.

pip's own words are kept and shown only where it fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

_NOISE = re.compile(r"^(WARNING|DEPRECATION|\[notice\]).*(Location|is ignored|legacy|notice|cache)")
_HEARTBEAT_S = 20.0
_REDRAW_S = 0.1
_KEPT_LINES = 25
_COMMON = (
    "--no-input",
    "--disable-pip-version-check",
    "--no-warn-script-location",
    "--root-user-action=ignore",
)


class PipFailed(Exception):
    """pip ended with an error; the message holds its last lines and what to do."""


class Status:
    """One line a stage: redrawn on a terminal, else printed now and then."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._drawn = 0.0
        self._terminal = sys.stdout.isatty()
        if not self._terminal:
            print(title, flush=True)

    def show(self, text: str) -> None:
        now = time.monotonic()
        if now - self._drawn < (_REDRAW_S if self._terminal else _HEARTBEAT_S):
            return
        self._drawn = now
        line = f"{self._title}  {self._elapsed()}  {text}"
        if self._terminal:
            width = os.get_terminal_size(sys.stdout.fileno()).columns - 1
            sys.stdout.write(f"\r\x1b[K{line[:width]}")
            sys.stdout.flush()
        elif now - self._started > _HEARTBEAT_S:
            print(line, flush=True)

    def done(self) -> None:
        start = "\r\x1b[K" if self._terminal else ""
        print(f"{start}{self._title}  done in {self._elapsed()}", flush=True)

    def _elapsed(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        return f"{minutes}:{seconds:02d}"


class Reader:
    """Understands pip's output, one line at a time: how many packages, what is going on."""

    def __init__(self) -> None:
        self.packages = 0
        self.activity = "starting"
        self._download = ""

    def feed(self, line: str) -> str:
        """Take a line of pip's output and say where it stands."""
        words = line.split()
        if line.startswith(("Collecting ", "Requirement already satisfied", "Ignoring ")):
            self.packages += 1
            self.activity = (
                f"looking at {words[1] if words[0] == 'Collecting' else 'installed ones'}"
            )
        elif words[:1] == ["Downloading"]:
            self._download = " ".join(words[1:]).rsplit("/", 1)[-1]
            self.activity = f"downloading {self._download}"
        elif words[:1] == ["Progress"] and len(words) == 4 and words[3] != "0":
            share = 100 * int(words[1]) // int(words[3])
            self.activity = f"downloading {self._download} {share} %"
        elif words[:1] == ["Building"]:
            self.activity = f"building {words[-1]}"
        elif line.startswith("Installing collected packages"):
            self.activity = f"installing {line.count(',') + 1} packages (this takes a while)"
        return f"{self.packages} packages, {self.activity}"


def is_noise(line: str) -> bool:
    """Whether a line of pip tells a user nothing that they could act on."""
    return _NOISE.match(line) is not None


def run_pip(python: Path, arguments: Sequence[str], folder: Path, status: Status) -> None:
    """Run ``pip install`` in ``folder`` and keep ``status`` up to date. Raises PipFailed."""
    progress = ("--progress-bar", "raw") if _has_raw_progress(python) else ()
    command = [str(python), "-m", "pip", "install", *_COMMON, *progress, *arguments]
    reader, kept = Reader(), deque[str](maxlen=_KEPT_LINES)
    process = subprocess.Popen(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    latest = ["starting"]
    over = threading.Event()
    heart = threading.Thread(target=_beat, args=(status, latest, over), daemon=True)
    heart.start()
    try:
        assert process.stdout is not None
        for raw in process.stdout:
            line = raw.rstrip()
            latest[0] = reader.feed(line)
            if line and not line.startswith("Progress ") and not is_noise(line):
                kept.append(line)
        code = process.wait()
    finally:
        over.set()
        heart.join()
        if process.poll() is None:
            process.terminate()
        process.communicate()
    if code != 0:
        told = "\n".join(f"  {line}" for line in kept)
        raise PipFailed(
            f"{told}\npip could not finish (its last lines are above). Check the network, the disk "
            "and pip's index settings (pip config list), then run this again: it goes on from here."
        )


def _beat(status: Status, latest: list[str], over: threading.Event) -> None:
    while not over.wait(_REDRAW_S):
        status.show(latest[0])


def _has_raw_progress(python: Path) -> bool:
    """pip 24.1 and later can tell progress line by line; the one of a new environment may not."""
    code = "import pip; print(pip.__version__)"
    version = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout
    numbers = [int(part) for part in re.findall(r"\d+", version)[:2]]
    return numbers >= [24, 1]
