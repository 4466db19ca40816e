"""Both Python environments: right versions, installed as locked."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from web.doctor.findings import Finding
from web.settings import PROJECT_ROOT, Settings
from web.supervisor.bot_project import INTERPRETER

_AREA = "environment"
_OLDEST = (3, 11)
_BOT_PYTHON = "3.10"
_SETUP = "run 'make setup'"
_SHOWN = 5
_TIMEOUT_S = 60


def check(settings: Settings) -> Iterator[Finding]:
    """Look at the web runtime's Python and libraries, then at the bot's."""
    yield _web_python()
    lock = PROJECT_ROOT / "scripts" / "locks" / "web.lock"
    if lock.is_file():
        yield _libraries(lock)
    if settings.bot_url is None:
        yield _bot_runtime(PROJECT_ROOT / "bot" / "requirements.lock")


def pins(lock: Path) -> dict[str, str]:
    """The versions that a lock file wants on this machine, by name."""
    found = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if not re.match(r"[A-Za-z0-9]", line):
            continue
        wanted = Requirement(line.rstrip("\\ "))
        if wanted.marker is None or wanted.marker.evaluate():
            found[wanted.name] = str(next(iter(wanted.specifier)).version)
    return found


def _web_python() -> Finding:
    text = f"Python {'.'.join(map(str, sys.version_info[:3]))} in {sys.prefix}"
    if sys.version_info[:2] >= _OLDEST:
        return Finding(_AREA, "web runtime", "ok", text)
    return Finding(_AREA, "web runtime", "fail", f"{text} is too old", _SETUP)


def _libraries(lock: Path) -> Finding:
    wrong = []
    wanted = pins(lock)
    for name, pinned in wanted.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "missing"
        if installed != pinned:
            wrong.append(f"{name} {installed} (locked {pinned})")
    if not wrong:
        return Finding(_AREA, "web libraries", "ok", f"{len(wanted)} as locked")
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    missing = any(" missing " in item for item in wrong)
    return Finding(
        _AREA,
        "web libraries",
        "fail" if missing else "warn",
        f"not as locked: {', '.join(wrong[:_SHOWN])}{more}",
        _SETUP,
    )


def _bot_runtime(lock: Path) -> Finding:
    code = (
        "import sys, importlib.metadata as m;"
        "print('%d.%d' % sys.version_info[:2], m.version('rasa'))"
    )
    try:
        asked = subprocess.run(  # noqa: S603 - our own interpreter
            [INTERPRETER, "-c", code], capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except OSError as error:
        return Finding(
            _AREA, "bot runtime", "fail", f"{INTERPRETER} does not run: {error.strerror}", _SETUP
        )
    words = asked.stdout.split()
    if asked.returncode != 0 or not words:
        last = (asked.stderr.strip().splitlines() or ["no reason given"])[-1]
        return Finding(_AREA, "bot runtime", "fail", f"Rasa is not installed: {last}", _SETUP)
    python, rasa = words
    text = f"Python {python}, Rasa {rasa}"
    locked = _locked_rasa(lock)
    if python != _BOT_PYTHON or (locked is not None and rasa != locked):
        wanted = f"Python {_BOT_PYTHON} and Rasa {locked}"
        return Finding(_AREA, "bot runtime", "fail", f"{text}; wanted are {wanted}", _SETUP)
    return Finding(_AREA, "bot runtime", "ok", text)


def _locked_rasa(lock: Path) -> str | None:
    if not lock.is_file():
        return None
    found = re.search(r"^rasa==([\w.]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else None
