"""The examples of the support team's page, run in their order: they print what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.web.cli.conftest import Run, Verb
from web.cli import costs, kb

PAGE = Path(__file__).parents[3] / "docs" / "support" / "knowledge-base.md"
_BLOCK = re.compile(r"```console\n(.*?)```", re.S)
_VARIES = (
    (re.compile(r"[\d,]+ bytes"), "N bytes"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"\S*backups/before-restore-\w+\.zip"), "SAFETY"),
)


def examples() -> list[tuple[str, str]]:
    """Each command of the page with what is printed below it."""
    found: list[tuple[str, str]] = []
    for block in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def plain(text: str) -> str:
    for pattern, name in _VARIES:
        text = pattern.sub(name, text)
    return text.strip()


def test_the_examples_print_what_the_page_says(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    apps = {"kb": kb.app, "costs": costs.app}
    ran = 0
    for command, output in examples():
        program, verb, *words = shlex.split(command)
        assert program == "grapevine"
        done = Run(apps[verb], *words)
        assert done.code == 0, f"{command}: {done.err}"
        assert plain(output) in plain(done.out), command
        ran += 1
    assert ran >= 12


def test_every_verb_is_on_the_page(run_kb: Verb, run_costs: Verb) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, app in (("kb", kb.app), ("costs", costs.app)):
        for command in app.registered_commands:
            verb = command.name or getattr(command.callback, "__name__", "")
            assert re.search(rf"`?(grapevine )?{name} {verb}\b", text), f"{name} {verb}"
