"""Runs the widget's own unit tests: protocol logic under node, without a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from web.widget import core_source

JS_TESTS = Path(__file__).parent / "widget_js"


def test_protocol_logic_without_a_browser(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "node is missing: install nodejs (scripts/system-deps does)"
    source = tmp_path / "core.js"
    source.write_text(core_source(), encoding="utf-8")
    files = sorted(str(path) for path in JS_TESTS.glob("*.test.cjs"))
    assert files
    result = subprocess.run(
        [node, "--test", "--test-reporter=spec", *files],
        env={**os.environ, "WIDGET_CORE": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "fail 0" in result.stdout
