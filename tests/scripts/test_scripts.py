"""The small scripts: what the tests' machine must have, and what they do where it has not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"


@pytest.mark.parametrize(
    ("pattern", "package"),
    [(":lang=zh", "fonts-noto-cjk"), (":lang=und-zsye", "fonts-noto-color-emoji")],
)
def test_fonts_for_screenshots_are_there(pattern: str, package: str) -> None:
    fonts = subprocess.run(["fc-list", pattern, "family"], capture_output=True, text=True).stdout
    assert fonts.strip(), f"no font for {pattern}: install {package}, or run scripts/system-deps"


def test_system_packages_that_are_there_take_no_time_and_no_root() -> None:
    done = subprocess.run(
        [SCRIPTS / "system-deps"], capture_output=True, text=True, timeout=10, check=True
    )
    assert "are there" in done.stdout


def test_elsewhere_it_stops_and_names_what_is_missing(tmp_path: Path) -> None:
    for name in ("bash", "env", "id", "grep", "dirname", "ls"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    done = subprocess.run(
        [shutil.which("bash") or "bash", SCRIPTS / "system-deps"],
        env={"PATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    for package in ("chromium", "fonts-noto-cjk", "fonts-noto-color-emoji"):
        assert package in done.stderr
    assert "install them by hand" in done.stderr


def test_a_missing_python_is_one_sentence(tmp_path: Path) -> None:
    copy = tmp_path / "repo"
    (copy / "scripts").mkdir(parents=True)
    for name in ("setup", "find-python"):
        shutil.copy(SCRIPTS / name, copy / "scripts" / name)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env", "dirname", "ls", "sort"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    done = subprocess.run(
        [shutil.which("bash") or "bash", copy / "scripts" / "setup"],
        env={"PATH": str(tools), "HOME": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Grapevine needs Python 3.11")
    assert len(done.stderr.strip().splitlines()) == 1


def test_clean_removes_leftovers_and_nothing_of_the_users(tmp_path: Path) -> None:
    copy = tmp_path / "repo"
    for folder in ("scripts", "data/logs", ".pytest_cache", "web/__pycache__", ".venv/__pycache__"):
        (copy / folder).mkdir(parents=True)
    (copy / "data" / "grapevine.db").touch()
    shutil.copy(SCRIPTS / "clean", copy / "scripts" / "clean")
    subprocess.run([copy / "scripts" / "clean"], check=True)
    assert not (copy / ".pytest_cache").exists()
    assert not (copy / "web" / "__pycache__").exists()
    assert (copy / ".venv" / "__pycache__").exists()
    assert (copy / "data" / "grapevine.db").exists()
    subprocess.run([copy / "scripts" / "clean", "all"], check=True)
    assert not (copy / ".venv").exists()
    assert (copy / "data" / "grapevine.db").exists()


def test_help_lists_every_target() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in ("setup", "run", "test", "lint", "bench", "clean", "help"):
        assert f"make {target}" in shown


def test_scripts_can_be_run() -> None:
    for name in ("setup", "test", "lint", "lock", "bench", "clean", "system-deps", "find-python"):
        assert os.access(SCRIPTS / name, os.X_OK), name
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
