"""The protocol core is covered to the last line by its own tests, or this one fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_line_of_the_state_machine_is_run(tmp_path: Path) -> None:
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("--cov=web.conversation.session", "--cov=web.conversation.delivery"),
            *("--cov-report=term-missing", "--cov-fail-under=100"),
            "tests/web/test_session.py",
        ],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COVERAGE_FILE": str(tmp_path / "coverage")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
