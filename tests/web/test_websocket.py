"""The websocket against a real server: bad input leaves it alive, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.web.gateway_world import Socket, StandInBot, Web, filled


@pytest.fixture(scope="module")
def bot() -> Iterator[StandInBot]:
    bot = StandInBot()
    yield bot
    bot.close()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, bot: StandInBot) -> Iterator[Web]:
    with filled(tmp_path_factory.mktemp("ws"), bot.port) as web:
        yield web


async def test_a_question_is_acked_answered_and_rated(web: Web) -> None:
    _, cid, headers = web.open()
    socket = await Socket.joined(web, headers, cid)
    await socket.send(type="message", client_message_id="1", text="When is my bill due?")
    ack = await socket.next("ack")
    assert (ack["client_message_id"], ack["seq"]) == ("1", 1)
    delta = await socket.next("delta")
    assert (delta["offset"], delta["reply_to"]) == (0, ack["message_id"])
    done = (await socket.next("done"))["message"]
    assert done["text"] == delta["text"] == "On the third of each month."
    await socket.send(type="feedback", message_id=done["id"], value="down")
    assert (await socket.next("feedback"))["value"] == "down"
    await socket.send(type="feedback", message_id="m-none", value="up")
    assert (await socket.next("error"))["problem"]["code"] == "message-not-found"
    await socket.connection.close()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{", "invalid-json"),
        ("[1]", "invalid-json"),
        (b'{"type": "ping", "id": "\xff"}', "invalid-utf8"),
        ('{"type": "shout"}', "unknown-frame"),
        ('{"type": "resume"}', "invalid-request"),
        ('{"type": "resume", "last_seq": 0}', "out-of-order"),
        ('{"type": "hello", "protocol": 1, "conversation_id": "c", "token": ""}', "out-of-order"),
        (json.dumps({"type": "ping", "id": "x" * 100_000}), "frame-too-large"),
        ('{"type": "message", "client_message_id": "9", "text": " "}', "empty-message"),
        ('{"type": "message", "client_message_id": "9", "text": "a\\u0000"}', "text-not-allowed"),
        (
            json.dumps({"type": "message", "client_message_id": "9", "text": "x" * 5000}),
            "message-too-long",
        ),
        ('{"type": "stop", "message_id": "m-none"}', "message-not-found"),
        (
            '{"type": "choice", "client_message_id": "9", "message_id": "m-0", "entry_id": "e"}',
            "message-not-found",
        ),
    ],
)
async def test_bad_input_leaves_the_connection_alive(web: Web, raw: str | bytes, code: str) -> None:
    _, cid, headers = web.open()
    socket = await Socket.joined(web, headers, cid)
    await socket.next("live")
    await socket.connection.send(raw)
    assert (await socket.next("error"))["problem"]["code"] == code
    await socket.send(type="message", client_message_id="9", text="When is my bill due?")
    assert (await socket.next("done"))["message"]["text"] == "On the third of each month."
    await socket.connection.close()


async def _closed(url: str, *frames: Any) -> tuple[str, int | None]:
    socket = await connect(url)
    for frame in frames:
        await socket.send(json.dumps(frame))
    async with asyncio.timeout(5):
        codes = [json.loads(raw)["problem"]["code"] async for raw in _until_closed(socket)]
    return codes[-1], socket.close_code


async def _until_closed(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    try:
        while True:
            yield await socket.recv()
    except ConnectionClosed:
        return


async def test_violations_close_with_a_code(web: Web) -> None:
    url = f"ws{web.url[4:]}/v1/chat"
    _, cid, headers = web.open()
    token = headers["Authorization"].split()[1]
    hello = {"type": "hello", "protocol": 1, "conversation_id": cid, "token": token}
    assert await _closed(url, {"type": "resume", "last_seq": 0}) == ("hello-expected", 4400)
    assert await _closed(url, hello | {"protocol": 2}) == ("unsupported-protocol", 4406)
    assert await _closed(url, hello | {"token": "x"}) == ("unauthorized", 4401)
    assert await _closed(url, hello | {"conversation_id": "c-x"}) == ("token-mismatch", 4403)


async def test_foreign_pages_and_crowds_stay_outside(web: Web) -> None:
    url = f"ws{web.url[4:]}/v1/chat"
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, origin="https://evil.example")  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["code"] == "origin-refused"
    limit = web.services.gateway.connections
    before, limit._most = limit._most, limit.open
    try:
        with pytest.raises(InvalidStatus) as full:
            await connect(url)
        assert full.value.response.status_code == 429
    finally:
        limit._most = before
    socket = await connect(url, origin=web.url)  # type: ignore[arg-type]
    await socket.close()


async def test_two_tabs_see_the_same(web: Web) -> None:
    _, cid, headers = web.open()
    one, two = [await Socket.joined(web, headers, cid) for _ in range(2)]
    await two.next("live")
    await one.send(type="message", client_message_id="1", text="What do the router lights mean?")
    seen = (await two.next("message"))["message"]
    assert (seen["seq"], seen["client_message_id"]) == (1, "1")
    dones = [(await tab.next("done"))["message"] for tab in (one, two)]
    assert dones[0] == dones[1]
    await one.connection.close()
    await two.connection.close()


async def test_a_socket_cut_at_every_frame_loses_nothing(web: Web) -> None:
    """Cut after each number of frames, then resume: both messages and one answer, once each."""
    for frames_until_cut in range(8):
        path, cid, headers = web.open()
        socket = Socket(await connect(f"ws{web.url[4:]}/v1/chat"))
        token = headers["Authorization"].split()[1]
        await socket.send(type="hello", protocol=1, conversation_id=cid, token=token)
        await socket.send(type="resume", last_seq=0)
        await socket.send(type="message", client_message_id="1", text="When is my bill due?")
        for _ in range(frames_until_cut):
            await socket.next()
        socket.connection.transport.abort()

        again = await Socket.joined(web, headers, cid)
        await again.send(type="message", client_message_id="1", text="When is my bill due?")
        shown: dict[str, str] = {}
        while len(shown) < 2:
            frame = await again.next("replay", "ack", "done")
            if frame["type"] == "ack":
                shown.setdefault(frame["message_id"], "user")
            for message in frame.get("messages", [frame.get("message")]):
                if message:
                    shown[message["id"]] = message["role"]
        assert sorted(shown.values()) == ["assistant", "user"]
        await again.connection.close()
        history = web.ask(path, headers, "1", "When is my bill due?").json()
        assert {history["user"]["id"], history["reply"]["id"]} == set(shown)
        assert history["reply"]["seq"] == 2


async def test_ids_that_come_twice_or_in_any_order(web: Web) -> None:
    _, cid, headers = web.open()
    socket = await Socket.joined(web, headers, cid)
    sent = [str(n) for n in range(6)] * 2
    random.Random(5).shuffle(sent)
    for client_id in sent:
        await socket.send(type="message", client_message_id=client_id, text=f"hello {client_id}")
    acks: list[str] = []
    dones: dict[str, int] = {}
    while len(dones) < 6:
        frame = await socket.next("ack", "done")
        if frame["type"] == "ack":
            acks.append(frame["client_message_id"])
        else:
            dones[frame["message"]["reply_to"]] = frame["message"]["seq"]
    assert set(acks) == {str(n) for n in range(6)}
    await socket.connection.close()
    late = await Socket.joined(web, headers, cid)
    messages = (await late.next("replay"))["messages"]
    assert [m["seq"] for m in messages] == list(range(1, 13))
    assert len({m["reply_to"] for m in messages if m["role"] == "assistant"}) == 6
    await late.connection.close()


async def test_deleting_closes_every_tab(web: Web) -> None:
    path, cid, headers = web.open()
    socket = await Socket.joined(web, headers, cid)
    await socket.next("live")
    async with httpx.AsyncClient() as client:
        assert (await client.delete(path, headers=headers)).status_code == 204
    assert (await socket.next("error"))["problem"]["code"] == "conversation-gone"
    with pytest.raises(ConnectionClosed):
        await socket.next()
    assert socket.connection.close_code == 4410


async def test_a_clarification_is_answered_by_its_button(web: Web) -> None:
    _, cid, headers = web.open()
    socket = await Socket.joined(web, headers, cid)
    text = "do the router lights reset my"
    await socket.send(type="message", client_message_id="1", text=text)
    asked = (await socket.next("done"))["message"]
    assert asked["provenance"]["route"] == "clarify"
    option = asked["options"][0]
    wrong = {"type": "choice", "client_message_id": "2", "message_id": asked["id"]}
    await socket.send(**wrong, entry_id="not-offered")
    assert (await socket.next("error"))["problem"]["code"] == "option-not-offered"
    await socket.send(**wrong, entry_id=option["entry_id"])
    done = (await socket.next("done"))["message"]
    assert done["provenance"]["entries"][0]["id"] == option["entry_id"]
    await socket.connection.close()
