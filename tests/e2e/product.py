"""Starts the product the way a person does, on a folder of its own, and ends it again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
#: The first start on a machine may fetch and convert models and train the bot.
START_PATIENCE_S = 600
STOP_PATIENCE_S = 30


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(data_dir: Path, allowed_origin: str) -> Iterator[str]:
    """The address of a product started with ``grapevine up`` once it can answer.

    Pages of ``allowed_origin`` may embed its chat.
    """
    port = free_port()
    log = data_dir / "up.log"
    command = [
        str(Path(sys.executable).with_name("grapevine")),
        *("up", "--port", str(port), "--bot-port", str(free_port()), "--data-dir", str(data_dir)),
    ]
    environment = {**os.environ, "GRAPEVINE_ALLOWED_ORIGINS": json.dumps([allowed_origin])}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_ready(process, f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(process)


def _wait_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"grapevine up ended with {process.returncode}:\n{_tail(log)}")
        try:
            answer = httpx.get(f"{url}/readyz", timeout=5)
            # Ready means able to answer, with the bot or, degraded, without it.
            if answer.status_code == 200 and "degraded" not in answer.json()["parts"]["bot"]:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"not ready after {START_PATIENCE_S} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-4000:]


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise AssertionError("grapevine up did not end on SIGTERM") from None
