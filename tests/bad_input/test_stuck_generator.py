"""A generator that never comes back, against the real web process and the real composer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generation.compose import Composer
from generation.types import GenerationRequest
from tests.web.gateway_world import Socket, StandInBot, Web, filled, wait_for

BILL, DUE = "When is my bill due?", "On the third of each month."


class Stuck:
    """Writes a beginning, then blocks; hears neither ``cancel`` nor the deadline."""

    name, version = "stuck", "1"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        self.started = 0
        self.released = threading.Event()

    def load(self) -> None:
        pass

    def stream(self, request: GenerationRequest, cancel: threading.Event) -> Iterator[str]:
        self.started += 1
        yield "On the"
        self.released.wait()


@pytest.fixture
def bot() -> Iterator[StandInBot]:
    bot = StandInBot()

    def compose(turn: dict[str, Any]) -> dict[str, Any]:
        directive = {"route": "compose", "entry_ids": ["bill-date"], "p": 0.8, "reason": "test"}
        return {"message_id": turn["message_id"], "directives": [directive]}

    bot.reply = compose  # type: ignore[method-assign]
    yield bot
    bot.close()


@pytest.fixture
def web(tmp_path: Path, bot: StandInBot) -> Iterator[Web]:
    with filled(tmp_path, bot.port) as web:
        yield web


async def test_every_visitor_gets_the_entry_at_the_deadline(web: Web) -> None:
    stuck = Stuck()
    web.services.composing._composer = Composer(stuck, deadline_s=0.4, retries=0)
    # More than the composer has threads: a stuck one must not keep its place.
    sockets = []
    for _ in range(5):
        _, cid, headers = web.open()
        socket = await Socket.joined(web, headers, cid)
        await socket.send(type="message", client_message_id="1", text=BILL)
        sockets.append(socket)
    for socket in sockets:
        done = (await socket.next("done"))["message"]
        assert done["text"] == DUE
        assert done["provenance"]["route"] == "answer"
        assert "deadline" in done["provenance"]["reason"]
        await socket.send(type="ping", id="alive")
        assert (await socket.next("pong"))["id"] == "alive"
        await socket.connection.close()
    assert stuck.started == 5
    stuck.released.set()


async def test_a_stuck_answer_can_be_stopped(web: Web) -> None:
    stuck = Stuck()
    web.services.composing._composer = Composer(stuck, deadline_s=30, retries=0)
    _, cid, headers = web.open()
    socket = await Socket.joined(web, headers, cid)
    await socket.send(type="message", client_message_id="1", text=BILL)
    ack = await socket.next("ack")
    wait_for(lambda: stuck.started == 1)
    await socket.send(type="stop", message_id=ack["message_id"])
    assert (await socket.next("done"))["message"]["stopped"] is True
    await socket.connection.close()
    stuck.released.set()
