"""What waiting will not mend is said by ``grapevine up`` itself, not only in a log file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.web.gateway_world import SECRET
from web.supervisor.running import free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 120.0


def test_a_permanent_fault_of_the_index_reaches_the_console(tmp_path: Path) -> None:
    port, bot_port = map(str, free_ports(2))
    said = tmp_path / "up.out"
    settings = {
        "GRAPEVINE_DATA_DIR": str(tmp_path / "data"),
        # There is such a model, but it cannot do what it is asked for; only loading it tells.
        "GRAPEVINE_ENCODER_EN": "smollm2-135m",
        "GRAPEVINE_GENERATOR": "none",
        "GRAPEVINE_BOT_URL": f"http://127.0.0.1:{bot_port}",
        "GRAPEVINE_BOT_SECRET": SECRET,
        "PYTHONUNBUFFERED": "1",
    }
    with said.open("wb") as out:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("grapevine"), "up", "--port", port, "--quiet"],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + _PATIENCE_S
        while "cannot answer:" not in said.read_text("utf-8"):
            assert process.poll() is None, said.read_text("utf-8")
            assert time.monotonic() < end, said.read_text("utf-8")
            time.sleep(0.2)
        words = " ".join(said.read_text("utf-8").split())
        assert "smollm2-135m is a generator, not an encoder" in words
        assert "GRAPEVINE_ENCODER_EN" in words
        assert words.count("cannot answer:") == 1
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
