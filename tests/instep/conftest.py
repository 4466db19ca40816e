from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from knowledge.database import open_engine
from tests.docs.conftest import ROOT
from web.migrations import upgrade

#: Longer than anything here takes; nothing is measured by it.
PATIENCE_S = 60


class Other:
    """Another process, spoken to."""

    def __init__(self, folder: Path, url: str, index: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._log = (folder / "log").open("ab")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.instep.process", str(folder), url, index],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            text=True,
        )

    def order(self, **what: Any) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(what) + "\n")
        self._child.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        assert line, (self.folder / "log").read_text()
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, text: str) -> dict[str, int]:
        """Entries that it would answer with, and their revisions."""
        self.order(ask=text)
        return dict(self.hear()["found"])

    def check(self) -> dict[str, Any]:
        self.order(check=True)
        return self.hear()

    def write(self, *edits: dict[str, str]) -> list[dict[str, Any]]:
        self.order(write=edits)
        return [self.hear() for _ in edits]

    def kill(self) -> None:
        """As the kernel does it when memory is short: no farewell."""
        self._child.kill()
        self._child.wait()
        self._give_back()

    def end(self) -> None:
        if self._child.poll() is None:
            assert self._child.stdin is not None
            self._child.stdin.close()
            self._child.wait(PATIENCE_S)
        self._give_back()

    def _give_back(self) -> None:
        for stream in (self._child.stdin, self._child.stdout, self._log):
            assert stream is not None
            stream.close()


@pytest.fixture(params=["sqlite", "postgres", "pgvector"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Other]]:
    """Starts processes on one base: on SQLite, on PostgreSQL, and there with pgvector too."""
    kind = "sqlite" if request.param == "sqlite" else "postgres"
    url = str(request.getfixturevalue("sqlite_url" if kind == "sqlite" else "empty_postgres_url"))
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    started: list[Other] = []

    def make(name: str, *, follows: bool = True) -> Other:
        index = ("pgvector" if request.param == "pgvector" else "memory") if follows else "none"
        started.append(Other(tmp_path / name, url, index))
        if follows:
            assert started[-1].hear() == {"ready": True}
        return started[-1]

    yield make
    for one in started:
        one.end()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)
