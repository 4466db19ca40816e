"""Writes the generated tables of the docs anew; ``--check`` only says which ones are out of date.

A table lies between ``<!-- generated: NAME -->`` and ``<!-- end -->`` in any page under docs/. Run
with the web runtime: ``.venv/bin/python scripts/doctables.py``. A test compares pages and code.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_REGION = re.compile(r"(<!-- generated: ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def settings() -> str:
    """Every setting: variable, default and meaning."""
    from web.settings import PROJECT_ROOT, Settings

    rows = ["| variable | default | meaning |", "|---|---|---|"]
    prefix = str(Settings.model_config["env_prefix"])
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, Path):
            shown = f"`{default.relative_to(PROJECT_ROOT)}` in the project's folder"
        elif default in (None, ()):
            shown = "–"
        else:
            shown = f"`{str(default).lower() if isinstance(default, bool) else default}`"
        rows.append(f"| `{prefix}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows)


def cli() -> str:
    """Every verb of the command line with its arguments and options."""
    return "\n".join(_verb(command, path) for path, command in verbs())


def verbs() -> Iterator[tuple[str, Any]]:
    """Every verb that can be run, as (words, command)."""
    from typer.main import get_command

    from web.cli import app

    yield from _walk("grapevine", get_command(app))


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _walk(f"{path} {name}", inner)
    else:
        yield path, command


def _verb(command: Any, path: str) -> str:
    """One verb: its usage, what it does, and each parameter as its own help has it."""
    context = command.make_context(path, [], resilient_parsing=True)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    words = " ".join([path, *map(_placeholder, arguments)])
    lines = [f"### `{words}`", "", _flow(command.help or ""), ""]
    records = [p.get_help_record(context) for p in command.params if p.name != "help"]
    if records:
        lines += ["| | |", "|---|---|"]
        lines += [f"| `{_cell(name)}` | {_flow(meaning)} |" for name, meaning in records]
        lines.append("")
    return "\n".join(lines)


def _placeholder(argument: Any) -> str:
    name = str(argument.name).upper() + ("…" if argument.nargs != 1 else "")
    return name if argument.required else f"[{name}]"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _flow(text: str) -> str:
    return " ".join(_cell(text).split()).replace("<", "&lt;")


def routes() -> str:
    """Every route of the OpenAPI document with the first sentence on it."""
    rows = ["| route | what |", "|---|---|"]
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            said = operation.get("description") or operation.get("summary", "")
            first = _flow(said.replace("``", "`").split("\n\n")[0])
            rows.append(f"| `{method.upper()} {path}` | {first} |")
    return "\n".join(rows)


def openapi() -> dict[str, Any]:
    """The OpenAPI document of a server that is built and not started."""
    from web.app import create_app
    from web.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        return create_app(Settings(data_dir=Path(folder), database_url=None)).openapi()


def make_targets() -> str:
    """Every target of the Makefile with its line of help."""
    rows = ["| command | what it does |", "|---|---|"]
    for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines():
        found = re.match(r"([a-z]+):.*?## (.*)", line)
        if found:
            rows.append(f"| `make {found.group(1)}` | {found.group(2)} |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings,
    "cli": cli,
    "routes": routes,
    "make-targets": make_targets,
}


def pages() -> list[Path]:
    """Every page of the docs."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def renewed(text: str) -> str:
    """A page with its generated tables as the code has them now. Raises KeyError."""

    def table(found: re.Match[str]) -> str:
        return f"{found.group(1)}{TABLES[found.group(2)]().strip()}\n{found.group(4)}"

    return _REGION.sub(table, text)


def main() -> int:
    """Write or check all pages; the exit code is 1 where a checked one is out of date."""
    stale = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        fresh = renewed(text)
        if fresh != text:
            stale.append(str(page.relative_to(ROOT)))
            if "--check" not in sys.argv:
                page.write_text(fresh, encoding="utf-8")
    print("\n".join(f"out of date: {name}" for name in stale) or "all tables are up to date")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
