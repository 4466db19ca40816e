"""Runs verbs of the command line on a data folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from web.cli import calibrate, costs, kb


class Run:
    """One verb that was run: ``code``, ``out`` and ``err``."""

    def __init__(self, app: typer.Typer, *words: str, answer: str | None = None) -> None:
        result = CliRunner().invoke(app, list(words), input=answer)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr

    @property
    def json(self) -> Any:
        """What ``--json`` printed."""
        assert self.code in (0, 3), self.err
        return json.loads(self.out)


Verb = Callable[..., Run]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder that the verbs work on; wide lines, so that tables are not wrapped."""
    folder = tmp_path / "data"
    monkeypatch.setenv("GRAPEVINE_DATA_DIR", str(folder))
    monkeypatch.delenv("GRAPEVINE_DATABASE_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return folder


@pytest.fixture
def run_kb(data_dir: Path) -> Verb:
    """``grapevine kb``."""
    return lambda *words, answer=None: Run(kb.app, *words, answer=answer)


@pytest.fixture
def run_costs(data_dir: Path) -> Verb:
    """``grapevine costs``."""
    return lambda *words, answer=None: Run(costs.app, *words, answer=answer)


@pytest.fixture
def run_calibrate(data_dir: Path) -> Verb:
    """``grapevine calibrate``."""
    return lambda *words, answer=None: Run(calibrate.app, *words, answer=answer)
