"""Our own product, started for a benchmark on a folder and ports of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpx

from benchmarks.report import ROOT
from benchmarks.stock_rasa import tree_memory_mb

GRAPEVINE = ROOT / ".venv" / "bin" / "grapevine"
_START_TIMEOUT_S = 300
_STOP_TIMEOUT_S = 30

#: Limits that protect a public server and would only measure themselves here.
UNLIMITED = {
    "GRAPEVINE_RATE_PER_MINUTE": "1000000",
    "GRAPEVINE_MAX_CONNECTIONS_PER_IP": "2000",
    "GRAPEVINE_OPEN_API": "true",
}


class Product:
    """``grapevine up`` as a context manager; ready when it is entered."""

    def __init__(
        self, folder: Path, port: int, *, demo: bool, environment: Mapping[str, str] | None = None
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder
        self.seconds_to_ready = 0.0
        self._command = [
            str(GRAPEVINE), "up", "--port", str(port), "--bot-port", str(port + 1),
            "--data-dir", str(folder), "--demo" if demo else "--no-demo",
        ]  # fmt: skip
        self._environment = {**os.environ, **UNLIMITED, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Product:
        self.folder.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        with (self.folder / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, cwd=ROOT
            )
        while time.perf_counter() - started < _START_TIMEOUT_S:
            if self._process.poll() is not None:
                break
            if self._ready():
                self.seconds_to_ready = time.perf_counter() - started
                return self
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"the product did not start; see {self.folder / 'up.log'}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop as Ctrl-C does, and wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=_STOP_TIMEOUT_S)

    @property
    def processes(self) -> list[int]:
        """The supervisor, whose children both runtimes are."""
        assert self._process is not None
        return [self._process.pid]

    def memory_mb(self) -> float:
        """Resident memory of the supervisor and both runtimes, in MB."""
        assert self._process is not None
        return tree_memory_mb(self._process.pid)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
