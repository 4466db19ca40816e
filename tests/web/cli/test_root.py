"""The root of the command line: quick, complete, and plain about what is wrong."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from knowledge.errors import EntryNotFound
from web.cli import app
from web.cli.terminal import expected_errors
from web.settings import Settings

HEAVY = ("sqlalchemy", "ctranslate2", "faiss", "fastapi", "httpx", "openpyxl", "torch")


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, web.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_up_keeps_the_supervisor_free_of_what_its_children_load() -> None:
    code = (
        "import sys, web.cli, web.supervisor.supervisor;"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_verb_has_a_help() -> None:
    shown = CliRunner().invoke(app, ["--help"]).stdout
    for verb in ("up", "ask", "eval", "kb", "costs", "models", "doctor"):
        assert f"\n  {verb} " in shown


def test_a_wrong_setting_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPEVINE_PORT", "eighty")
    result = CliRunner().invoke(app, ["up"])
    assert result.exit_code == 1
    assert "GRAPEVINE_PORT" in result.stderr
    assert "docs/operators/settings.md" in result.stderr


def test_a_busy_port_stops_up_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        folder = tmp_path / "data"
        result = CliRunner().invoke(app, ["up", "--port", port, "--data-dir", str(folder)])
    assert result.exit_code == 1
    assert f"Port {port} on 127.0.0.1 is in use" in result.stderr
    assert not folder.exists()


def test_asking_a_server_that_is_not_there_says_so() -> None:
    result = CliRunner().invoke(app, ["ask", "hello", "--url", "http://127.0.0.1:1"])
    assert result.exit_code == 1
    assert "no Grapevine answers at http://127.0.0.1:1" in result.stderr


def test_known_errors_are_one_sentence_and_unknown_ones_pass(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit), expected_errors():
        raise EntryNotFound("there is no entry 'x'")
    assert capsys.readouterr().err == "error: there is no entry 'x'\n"
    with pytest.raises(ZeroDivisionError), expected_errors():
        raise ZeroDivisionError


def test_models_are_listed_with_what_is_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPEVINE_CACHE_DIR", str(tmp_path))
    rows = json.loads(CliRunner().invoke(app, ["models", "list", "--json"]).stdout)
    assert {row["name"] for row in rows} >= {Settings().encoder_en, Settings().encoder_multi}
    assert not any(row["installed"] for row in rows)
    assert all(row["licence"] for row in rows)
    table = CliRunner().invoke(app, ["models", "list"]).stdout
    assert "not fetched" in table


def test_an_unknown_model_is_refused_with_the_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPEVINE_CACHE_DIR", str(tmp_path))
    result = CliRunner().invoke(app, ["models", "fetch", "gpt-9"])
    assert result.exit_code == 1
    assert Settings().encoder_en in result.stderr


def test_verify_fails_for_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPEVINE_CACHE_DIR", str(tmp_path))
    result = CliRunner().invoke(app, ["models", "verify"])
    assert result.exit_code == 1
    assert "grapevine models fetch" in result.stderr
    removed = CliRunner().invoke(app, ["models", "remove", Settings().encoder_en])
    assert "was not there" in removed.stdout


@pytest.mark.models
def test_fetching_what_is_there_is_quick_and_verifying_it_passes() -> None:
    fetched = CliRunner().invoke(app, ["models", "fetch"])
    assert fetched.exit_code == 0
    assert fetched.stdout.count("is ready in") == 3
    verified = CliRunner().invoke(app, ["models", "verify"])
    assert verified.exit_code == 0
    assert verified.stdout.count(": ok") == 3
