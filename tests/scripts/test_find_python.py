"""A name on PATH is not a Python until it ran."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "find-python"
RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def _executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _find(bin_dir: Path, *versions: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{bin_dir}:/usr/bin:/bin", "HOME": str(bin_dir / "home")}
    return subprocess.run(
        [SCRIPT, *versions], env=environment | variables, capture_output=True, text=True
    )


def _forward(path: Path) -> None:
    base = getattr(sys, "_base_executable", sys.executable)
    _executable(path, f'#!/bin/sh\nexec {base} "$@"\n')


def test_a_shim_that_fails_is_passed_over_for_one_that_runs(tmp_path: Path, bin_dir: Path) -> None:
    _executable(
        bin_dir / f"python{RUNNING}", "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n"
    )
    _forward(tmp_path / "pyenv" / "versions" / f"{RUNNING}.99" / "bin" / "python")
    found = _find(bin_dir, RUNNING, PYENV_ROOT=str(tmp_path / "pyenv"))
    assert found.returncode == 0
    version = subprocess.run([found.stdout.strip(), "-V"], capture_output=True, text=True).stdout
    assert version.startswith(f"Python {RUNNING}.")


def test_one_that_lies_about_its_version_is_not_taken(bin_dir: Path) -> None:
    _forward(bin_dir / "python3.47")
    assert _find(bin_dir, "3.47").returncode == 1


def test_one_that_cannot_make_environments_is_not_taken(bin_dir: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "ensurepip.py").write_text("raise ImportError('shipped apart')\n")
    base = getattr(sys, "_base_executable", sys.executable)
    _executable(bin_dir / f"python{RUNNING}", f'#!/bin/sh\nPYTHONPATH={broken} exec {base} "$@"\n')
    found = _find(bin_dir, RUNNING)
    assert found.stdout.strip() != str(bin_dir / f"python{RUNNING}")


def test_uv_is_asked_where_path_and_pyenv_have_none(bin_dir: Path, tmp_path: Path) -> None:
    _forward(tmp_path / "managed")
    _executable(bin_dir / "uv", f'#!/bin/sh\n[ "$2" = find ] && echo {tmp_path / "managed"}\n')
    environment = {"PATH": f"{bin_dir}:/usr/bin:/bin", "HOME": str(tmp_path)}
    found = subprocess.run(
        [SCRIPT, RUNNING], env=environment, capture_output=True, text=True, timeout=60
    )
    assert found.returncode == 0
    assert found.stdout.strip()


def test_the_first_version_named_is_preferred(bin_dir: Path) -> None:
    _forward(bin_dir / f"python{RUNNING}")
    found = _find(bin_dir, "3.47", RUNNING)
    assert found.returncode == 0
    assert os.access(found.stdout.strip(), os.X_OK)
