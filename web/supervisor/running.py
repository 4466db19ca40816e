"""A whole product for the length of a ``with`` block: how verbs get a path to ask."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from web.settings import PROJECT_ROOT, Settings
from web.supervisor.children import GUARD
from web.supervisor.environment import local_url, resolved, web_environment
from web.supervisor.errors import ChildFailed

_ASK_EVERY_S = 0.2
_STOP_S = 30.0


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a Grapevine at ``url`` says that it can answer."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=timeout_s) as response:  # noqa: S310
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False


@contextmanager
def running_product(settings: Settings, *, wait_s: float = 300.0) -> Iterator[str]:
    """Start ``grapevine up`` with ``settings`` on two free ports and yield its address.

    Stopped as Ctrl-C does at the end; it does not outlive this process either way. What it says
    goes to ``up.log`` in the data folder. Raises ChildFailed.
    """
    port, bot_port = free_ports(2)
    chosen = resolved(
        settings.model_copy(update={"host": "127.0.0.1", "port": port, "bot_port": bot_port})
    )
    words = chosen.data_dir / "logs" / "up.log"
    words.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, *GUARD, str(os.getpid()), sys.executable, "-m", "web.cli", "up"]
    with words.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=PROJECT_ROOT,
            env=web_environment(chosen),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = local_url(chosen)
        _await_ready(process, url, wait_s, str(words))
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_S)
        process.kill()
        process.wait()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _await_ready(process: subprocess.Popen[bytes], url: str, wait_s: float, words: str) -> None:
    until = time.monotonic() + wait_s
    while not answers(url):
        if process.poll() is not None:
            raise ChildFailed(f"The product did not start; what it said is in {words}.")
        if time.monotonic() > until:
            raise ChildFailed(f"The product could not answer after {wait_s:.0f} s; see {words}.")
        time.sleep(_ASK_EVERY_S)
