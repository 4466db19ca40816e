"""What the code has, the docs have: settings, verbs, options, routes, error codes, make targets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import doctables
import pytest

from tests.docs.conftest import ROOT
from web.errors import catalogue
from web.settings import Settings

PAGES = doctables.pages()
#: Read by set-up or handed to the bot's process; no settings of the web runtime.
_OTHER_VARIABLES = {"GRAPEVINE_TORCH_PIP_OPTIONS", "GRAPEVINE_BOT_STATE", "GRAPEVINE_ACTION_URL"}


def _text(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_generated_tables_are_as_the_code_has_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert doctables.renewed(text) == text, "run .venv/bin/python scripts/doctables.py"


def test_every_generated_table_is_on_a_page() -> None:
    placed = {
        name
        for page in PAGES
        for name in re.findall(r"<!-- generated: ([\w-]+) -->", page.read_text(encoding="utf-8"))
    }
    assert placed == set(doctables.TABLES)


def test_every_setting_is_explained() -> None:
    text = _text("operators/settings.md")
    for name, field in Settings.model_fields.items():
        assert f"| `GRAPEVINE_{name.upper()}` |" in text
        assert field.description, name
        assert field.description in text


def test_the_docs_name_no_setting_that_is_not_there() -> None:
    known = {f"GRAPEVINE_{name.upper()}" for name in Settings.model_fields} | _OTHER_VARIABLES
    for page in PAGES:
        named = set(re.findall(r"GRAPEVINE_[A-Z][A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
        assert named <= known, page


def _parameters() -> list[tuple[str, Any]]:
    return [(path, p) for path, command in doctables.verbs() for p in command.params]


def test_every_verb_and_option_is_on_the_page_of_the_command_line() -> None:
    text = _text("operators/cli.md")
    for path, command in doctables.verbs():
        heading = re.search(rf"^### `{re.escape(path)}( [^`]*)?`$", text, re.MULTILINE)
        assert heading is not None, path
        section = text[heading.end() :].split("\n### ")[0]
        assert command.help, path
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                assert parameter.help, f"{path} {parameter.opts}"
                for name in (*parameter.opts, *parameter.secondary_opts):
                    assert name in section, f"{path} {name}"


def test_the_docs_call_only_verbs_that_exist() -> None:
    verbs = {path.removeprefix("grapevine ") for path, _ in doctables.verbs()}
    groups = {verb.split()[0] for verb in verbs if " " in verb}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for first, second in re.findall(r"(?:`|^|\n|/)grapevine ([a-z]+)(?: ([a-z-]+))?", text):
            named = f"{first} {second}" if first in groups and second else first
            assert named in verbs | groups, f"{page}: grapevine {named}"


def test_every_route_is_documented() -> None:
    text = _text("integrators/rest.md")
    paths = doctables.openapi()["paths"]
    assert len(paths) > 5
    for path, methods in paths.items():
        for method in methods:
            assert f"| `{method.upper()} {path}` | " in text


def test_every_error_code_is_documented_with_its_status_and_remedy() -> None:
    text = _text("integrators/errors.md")
    for problem in catalogue():
        row = next((r for r in text.splitlines() if r.startswith(f"| `{problem.code}` |")), None)
        assert row is not None, problem.code
        assert f"| {problem.status} |" in row
        assert problem.remedy in row
    documented = set(re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE))
    assert documented == {problem.code for problem in catalogue()}


def test_every_make_target_is_documented() -> None:
    text = _text("developers/setup.md")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"setup", "run", "test", "lint", "bench", "clean", "help"} <= set(targets)
    for target in targets:
        assert f"| `make {target}` | " in text
