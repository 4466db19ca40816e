"""A child is a real process here: it is killed, hangs, prints and binds ports."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from web.supervisor.children import GUARD, Child, Command, Patience
from web.supervisor.errors import ChildFailed
from web.supervisor.logs import ChildLog

QUICK = Patience(first_s=0.05, longest_s=0.1, stable_s=60, grace_s=0.5, attempts=3)


async def _yes() -> bool:
    return True


async def _no() -> bool:
    return False


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    outputs = []

    def _make(script: str, ready: Callable[[], object] = _yes, **variables: str) -> Child:
        command = Command(
            [sys.executable, "-u", "-c", script], tmp_path, dict(os.environ) | variables
        )
        outputs.append(ChildLog("web", tmp_path / "logs"))
        return Child("web", command, ready, outputs[-1], QUICK)

    yield _make
    for output in outputs:
        output.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state != "Z"


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_killed_child_is_started_again(make: Callable[..., Child]) -> None:
    child = make("import time; time.sleep(60)")
    running = asyncio.create_task(child.run())
    await child.answering.wait()
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await _until(lambda: child.restarts == 1 and child.pid != first and child.answering.is_set())
    await child.stop()
    await running
    assert child.pid is not None
    assert not _alive(child.pid)


async def test_a_child_that_never_answers_is_given_up_with_its_last_words(
    make: Callable[..., Child],
) -> None:
    child = make("print('the model is broken'); raise SystemExit(7)", _no)
    with pytest.raises(ChildFailed, match=r"(?s)3 times \(last with 7\).*the model is broken"):
        await child.run()
    assert child.restarts == 2


async def test_one_that_answered_once_is_never_given_up(make: Callable[..., Child]) -> None:
    child = make("import time; time.sleep(0.3); raise SystemExit(1)")
    running = asyncio.create_task(child.run())
    await _until(lambda: child.restarts > QUICK.attempts)
    await child.stop()
    await running


async def test_one_that_ignores_sigterm_is_killed_with_its_own_children(
    make: Callable[..., Child], tmp_path: Path
) -> None:
    note = tmp_path / "grandchild"
    child = make(
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "own = subprocess.Popen([sys.executable, '-c',"
        " 'import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)'])\n"
        f"open({str(note)!r}, 'w').write(str(own.pid))\n"
        "time.sleep(60)\n"
    )
    running = asyncio.create_task(child.run())
    await _until(lambda: note.exists() and note.read_text() != "")
    grandchild = int(note.read_text())
    assert _alive(grandchild)
    await child.stop()
    await running
    await _until(lambda: not _alive(grandchild))


async def test_its_lines_are_kept_and_a_huge_one_does_not_stop_it(
    make: Callable[..., Child], tmp_path: Path
) -> None:
    child = make(
        "print('before'); print('x' * 3_000_000); print('潮讯'); import time; time.sleep(60)"
    )
    running = asyncio.create_task(child.run())
    kept = tmp_path / "logs" / "web.log"
    await _until(lambda: kept.exists() and "潮讯" in kept.read_text("utf-8"))
    await child.stop()
    await running
    assert "before" in kept.read_text("utf-8")
    assert "more than 1 MB was left out" in kept.read_text("utf-8")


def test_secrets_do_not_show_in_a_commands_representation(tmp_path: Path) -> None:
    assert "hush" not in repr(Command(["true"], tmp_path, {"GRAPEVINE_BOT_SECRET": "hush"}))


@pytest.mark.parametrize("watcher", ["kernel", "watch"])
def test_no_orphan_is_left_when_the_parent_is_killed(tmp_path: Path, watcher: str) -> None:
    note = tmp_path / "pid"
    command = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    guard = (
        [sys.executable, *GUARD]
        if watcher == "kernel"
        else [
            *(sys.executable, "-c"),
            "import sys; from web.supervisor import guard;"
            "sys.exit(guard.watch(int(sys.argv[1]), sys.argv[2:]))",
        ]
    )
    parent = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import os, subprocess, sys\n"
            f"subprocess.run([*{guard!r}, str(os.getpid()), sys.executable, '-c', {command!r}])",
        ],
    )
    try:
        until = time.monotonic() + 20
        while not (note.exists() and note.read_text()) and time.monotonic() < until:
            time.sleep(0.02)
        orphan = int(note.read_text())
        assert _alive(orphan)
    finally:
        parent.kill()
        parent.wait()
    while _alive(orphan) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _alive(orphan)
