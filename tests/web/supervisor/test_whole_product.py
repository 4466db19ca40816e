"""``grapevine up`` as people use it: real processes that are killed, stopped and asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from web.supervisor.running import answers, free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[3]
GRAPEVINE = Path(sys.executable).with_name("grapevine")
_PATIENCE_S = 420
QUESTION = "how do I reset my router to factory settings?"


@dataclass
class Up:
    """A running ``grapevine up``."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    bot_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "GRAPEVINE_DATA_DIR": str(self.folder),
            "GRAPEVINE_PORT": str(self.port),
            "GRAPEVINE_BOT_PORT": str(self.bot_port),
        }

    def said(self) -> str:
        return (self.folder / "up.out").read_text("utf-8")

    def children(self) -> dict[str, psutil.Process]:
        """The two processes by name."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            words = " ".join(child.cmdline())
            if "run_rasa.py" in words:
                found["bot"] = child
            elif "web.app" in words:
                found["web"] = child
        return found

    def grapevine(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [GRAPEVINE, *words], env=self.environment, capture_output=True, text=True, timeout=120
        )


def _until(condition: Callable[[], bool], what: str, seconds: float = _PATIENCE_S) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.2)


def _bot_is_ready(up: Up) -> bool:
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{up.bot_port}/webhooks/grapevine/health", timeout=2
        ) as response:
            return bool(json.load(response)["ready"])
    except (OSError, ValueError, KeyError):
        return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("product")


@contextmanager
def _started(folder: Path) -> Iterator[Up]:
    port, bot_port = free_ports(2)
    with (folder / "up.out").open("wb") as out:
        process = subprocess.Popen(
            [
                *(GRAPEVINE, "up", "--port", str(port), "--bot-port", str(bot_port)),
                *("--data-dir", str(folder)),
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    running = Up(process, folder, port, bot_port)
    try:
        _until(
            lambda: process.poll() is not None or "Grapevine is ready" in running.said(), "ready"
        )
        assert process.poll() is None, running.said()
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture(scope="module")
def up(folder: Path) -> Iterator[Up]:
    """One product for the whole file; the last test of the file stops it."""
    with _started(folder) as running:
        yield running


def _ports_are_free(up: Up) -> bool:
    for port in (up.port, up.bot_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def test_asking_and_looking(up: Up) -> None:
    english = up.grapevine("ask", QUESTION, "--json")
    assert english.returncode == 0, english.stderr
    record = json.loads(english.stdout)
    assert record["route"] == "answer"
    assert record["entry_ids"] == ["router-reset"]
    assert len(record["ranking"]) >= 10
    assert record["degraded"] is False
    assert record["expect"] is None
    assert record["outcome"] is None
    assert {"log", "retrieval", "bot"} <= set(record["ms"])

    chinese = up.grapevine("ask", "怎么把路由器恢复出厂设置?", "--lang", "zh")
    assert chinese.returncode == 0
    assert "zh-router-reset" in chinese.stderr
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese.stdout)

    doctor = up.grapevine("doctor", "--json")
    assert doctor.returncode == 0, doctor.stdout
    found = {(row["area"], row["name"]): row for row in json.loads(doctor.stdout)}
    assert found["bot", "secret"]["status"] == "ok"
    assert found["index", "consistency"]["status"] == "ok"

    again = up.grapevine("up")
    assert again.returncode == 1
    assert f"Port {up.port} on 127.0.0.1 is in use" in again.stderr
    assert "GRAPEVINE_PORT" in again.stderr

    secrets = json.loads((up.folder / "secrets.json").read_text()).values()
    written = up.said() + "".join(
        path.read_text("utf-8") for path in (up.folder / "logs").glob("*.log")
    )
    assert not any(secret in written for secret in secrets)
    for child in up.children().values():
        assert not any(secret in " ".join(child.cmdline()) for secret in secrets)


def test_a_killed_bot_comes_back_and_meanwhile_answers_are_degraded(up: Up) -> None:
    up.children()["bot"].kill()
    meanwhile = json.loads(up.grapevine("ask", QUESTION, "--json").stdout)
    assert meanwhile["entry_ids"] == ["router-reset"]
    assert meanwhile["degraded"] is True
    _until(lambda: _bot_is_ready(up), "the bot answers again")

    def recovered() -> bool:
        asked = up.grapevine("ask", QUESTION, "--json")
        return asked.returncode == 0 and json.loads(asked.stdout)["degraded"] is False

    _until(recovered, "answers come from the bot again", 120)


def test_a_killed_web_process_comes_back(up: Up) -> None:
    first = up.children()["web"]
    first.kill()
    _until(lambda: not first.is_running() or first.status() == "zombie", "it is gone", 20)
    _until(lambda: answers(up.url), "the web process answers again")
    assert up.children()["web"].pid != first.pid


def test_both_runtimes_fit_the_memory_that_was_promised(up: Up) -> None:
    for question in ("how do i reset my router", "怎么重启路由器", "what can you do"):
        assert up.grapevine("ask", question).returncode == 0
    tree = [psutil.Process(up.process.pid), *psutil.Process(up.process.pid).children()]
    total = sum(process.memory_info().rss for process in tree)
    assert total < 1_500_000_000, {p.name(): p.memory_info().rss for p in tree}


def test_sigterm_stops_all_of_it(up: Up) -> None:
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(60) == 0
    _until(lambda: _ports_are_free(up), "both ports are free", 20)


def test_nothing_outlives_a_killed_supervisor(folder: Path) -> None:
    with _started(folder) as own:
        children = list(own.children().values())
        assert len(children) == 2
        own.process.kill()
        own.process.wait()
        gone, alive = psutil.wait_procs(children, timeout=30)
        assert alive == []
        assert len(gone) == 2
        _until(lambda: _ports_are_free(own), "both ports are free", 20)
