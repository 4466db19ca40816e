"""A trained model, a real Rasa server over it, and the real internal actions beside it."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
BOT = ROOT / "bot"
SECRET = "a-secret-for-tests-only"
_READY_S = 120


def _port() -> int:
    """A port that the system holds free just now; runs side by side get different ones."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(state: Path, action_port: int) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "GRAPEVINE_BOT_SECRET": SECRET,
        "GRAPEVINE_BOT_STATE": str(state),
        "GRAPEVINE_ACTION_URL": f"http://127.0.0.1:{action_port}/internal/actions",
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
    }


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is now, trained; kept between runs under the hash of its files."""
    digest = hashlib.sha256()
    for path in sorted(BOT.rglob("*")):
        if path.suffix in (".py", ".yml"):
            digest.update(path.read_bytes())
    kept = Path(tmp_path_factory.getbasetemp()).parent / "grapevine-bot-models"
    target = kept / f"{digest.hexdigest()[:16]}.tar.gz"
    if not target.exists():
        train(kept, target.name[: -len(".tar.gz")])
    return target


def train(folder: Path, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rasa", "train", "--out", str(folder), "--fixed-model-name", name],
        cwd=BOT,
        env=environment(folder, 1) | {"RASA_CACHE_DIRECTORY": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


class Server:
    """A Rasa server and the desk that its forms call. ``kill`` is kill -9."""

    def __init__(self, model: Path, folder: Path) -> None:
        self.model = model
        self.folder = folder
        self.port, self.process = _port(), None
        self._ids = itertools.count(1)
        self.desk_port = 0
        self.desk: subprocess.Popen[bytes] | None = None

    def start_desk(self) -> None:
        self.desk_port = _port()
        self.desk = subprocess.Popen(
            [
                str(ROOT / ".venv" / "bin" / "python"),
                str(Path(__file__).with_name("desk_app.py")),
                str(self.desk_port),
                str(self.folder / "desk.sqlite"),
                SECRET,
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.desk_port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError("the desk did not start")

    def start(self) -> None:
        self.port = _port()
        with (self.folder / "rasa.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "rasa", "run", "-i", "127.0.0.1"),
                    *("-p", str(self.port), "--model", str(self.model)),
                ],
                cwd=BOT,
                env=environment(self.folder / "state", self.desk_port or 1),
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if self.get("/webhooks/grapevine/health")["ready"]:
                    return
            except (OSError, ValueError):
                time.sleep(0.2)
        raise RuntimeError((self.folder / "rasa.log").read_text()[-3000:])

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        for process in (self.process, self.desk):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as response:
            return json.load(response)

    def post(
        self, body: object, path: str = "/webhooks/grapevine/turn", secret: str | None = SECRET
    ) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers["Authorization"] = f"Bearer {secret}"
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read()
            try:
                return error.code, json.loads(text)
            except ValueError:
                return error.code, text

    def turn(self, conversation: str, text: str, **more: Any) -> dict[str, Any]:
        """Post a turn that has to succeed. ``ps``: probabilities of entries e1, e2, …"""
        status, reply = self.post(self.body(conversation, text, **more))
        assert status == 200, reply
        return dict(reply)

    def body(self, conversation: str, text: str, **more: Any) -> dict[str, Any]:
        ps = more.pop("ps", [])
        lang = more.pop("lang", None)
        return {
            "conversation_id": conversation,
            "message_id": more.pop("message_id", f"m-{next(self._ids)}"),
            "text": text,
            "lang": lang,
            "evidence": more.pop("evidence", None)
            or {
                "v": 1,
                "lang": lang or "en",
                "items": [
                    {"id": f"e{i}", "rev": 1, "p": p, "lang": lang or "en"}
                    for i, p in enumerate(ps, 1)
                ],
                "features": more.pop("features", {}),
            },
            "costs": more.pop("costs", None),
            "selected_entry_id": None,
            "missed": [],
            **more,
        }


@pytest.fixture(scope="session")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do not kill it."""
    running = Server(model, tmp_path_factory.mktemp("server"))
    try:
        running.start_desk()
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def conversation(request: pytest.FixtureRequest) -> str:
    """An id of its own for each test."""
    return f"c-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"


def routes(reply: dict[str, Any]) -> list[str]:
    return [d["route"] for d in reply["directives"]]


def texts(reply: dict[str, Any]) -> str:
    return " ".join(d["text"] or "" for d in reply["directives"])
