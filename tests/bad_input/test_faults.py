"""Parts of the whole product that die, hang or run out, in the middle of a turn."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.bad_input.conftest import Whole, until
from tests.bad_input.visitor import ENTRY, QUESTION, Visitor
from web.supervisor.running import answers

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_LOCK = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


def _degraded(visitor: Visitor) -> bool:
    answer = visitor.say(QUESTION)
    assert [entry["id"] for entry in answer["provenance"]["entries"]] == [ENTRY]
    return bool(answer["provenance"]["degraded"])


def _missed(whole: Whole, visitor: Visitor) -> int:
    with sqlite3.connect(whole.folder / "grapevine.db") as database:
        row = database.execute(
            "SELECT missed FROM conversations WHERE id = ?", (visitor.conversation_id,)
        ).fetchone()
    database.close()
    return int(row[0])


def test_rasa_killed_in_mid_turn(whole: Whole, visitor: Visitor) -> None:
    assert not _degraded(visitor)
    killed = whole.bot
    killed.send_signal(signal.SIGSTOP)
    visitor.send(type="message", client_message_id="mid", text=QUESTION)
    visitor.next("ack")
    killed.kill()
    answer = visitor.next("done")["message"]
    assert answer["provenance"]["degraded"] is True
    assert answer["provenance"]["models"]["bot"] is None
    assert [entry["id"] for entry in answer["provenance"]["entries"]] == [ENTRY]
    assert _missed(whole, visitor) == 1
    until(lambda: killed.pid not in psutil.pids() and whole.bot_answers(), "Rasa is back")
    until(lambda: not _degraded(visitor), "answers come from Rasa again")
    assert _missed(whole, visitor) == 0
    assert [m["seq"] for m in visitor.history()] == list(range(1, len(visitor.history()) + 1))


def test_rasa_that_hangs(whole: Whole, visitor: Visitor) -> None:
    hung = whole.bot
    hung.send_signal(signal.SIGSTOP)
    try:
        assert _degraded(visitor)
    finally:
        hung.send_signal(signal.SIGCONT)
    until(lambda: not _degraded(visitor), "answers come from Rasa again")
    assert hung.is_running()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    holder = subprocess.Popen(
        [sys.executable, "-c", _LOCK, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        yield
    finally:
        holder.communicate()


@contextmanager
def _gone(path: Path) -> Iterator[None]:
    aside = path.with_name("aside.db")
    path.rename(aside)
    try:
        yield
    finally:
        aside.rename(path)


@contextmanager
def _no_more_bytes(process: psutil.Process) -> Iterator[None]:
    """Whatever the process writes to a file fails, as on a disk without room."""
    before = process.rlimit(resource.RLIMIT_FSIZE)
    process.rlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        process.rlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("trouble", ["locked", "gone", "full"])
def test_a_log_that_cannot_be_written_pretends_nothing(
    whole: Whole, visitor: Visitor, trouble: str
) -> None:
    database = whole.folder / "grapevine.db"
    troubles = {
        "locked": (lambda: _locked(database), "locked by another process"),
        "gone": (lambda: _gone(database), "file is gone"),
        "full": (lambda: _no_more_bytes(whole.web), "disk"),
    }
    begin, told = troubles[trouble]
    with begin():
        problem = visitor.say(QUESTION, "kept")
    assert problem["code"] == "log-unavailable"
    assert told in problem["detail"]
    assert "doctor" in problem["remedy"]
    assert visitor.history() == []
    answer = visitor.say(QUESTION, "kept")
    assert [entry["id"] for entry in answer["provenance"]["entries"]] == [ENTRY]
    assert [m["seq"] for m in visitor.history()] == [1, 2]


def test_the_web_process_killed_in_mid_turn_loses_nothing(whole: Whole) -> None:
    with Visitor(whole.url) as visitor:
        bot, web = whole.bot, whole.web
        bot.send_signal(signal.SIGSTOP)
        try:
            visitor.send(type="message", client_message_id="kept", text=QUESTION)
            visitor.next("ack")
            web.kill()
        finally:
            bot.send_signal(signal.SIGCONT)
        until(lambda: web.pid not in psutil.pids() and answers(whole.url), "it is back")
        until(whole.bot_answers, "the bot answers it")
        visitor.cut()
        visitor.hello()
        visitor.next("welcome")
        visitor.send(type="resume", last_seq=0)
        while not any(m["role"] == "assistant" for m in visitor.history()):
            time.sleep(0.2)
        assert [m["role"] for m in visitor.history()] == ["user", "assistant"]
        visitor.assert_alive()
