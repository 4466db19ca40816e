"""Rasa's REST channel protocol, as its clients know it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from tests.web.channels.ends import KEY, OTHER_KEY, Server, demo_entries
from web.conversation.models import StoredMessage
from web.security.api_keys import Caller, _namespace

RESET, UNSURE = "how do i reset my router", "How do I cancel"
ANSWERS = {entry.id: entry.answer for entry in demo_entries()}
WEBHOOK = "/webhooks/rest/webhook"

Say = Callable[..., Any]


@pytest.fixture
async def server(sqlite_engine: Engine) -> AsyncIterator[Server]:
    server = Server(sqlite_engine)
    yield server
    await server.aclose()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(server.app)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=headers
    ) as client:
        yield client


async def say(client: httpx.AsyncClient, text: Any, sender: Any = "kim", **more: Any) -> Any:
    body = {"message": text, "sender": sender} | more
    response = await client.post(WEBHOOK, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def logged(server: Server, sender: str, key: str = KEY) -> tuple[StoredMessage, ...]:
    caller = Caller(_namespace(key))
    return server.history.page(caller.conversation_of("rasa-rest", sender)).messages


async def test_health(client: httpx.AsyncClient) -> None:
    response = await client.get("/webhooks/rest/")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_an_answer_as_rasa_sends_it(client: httpx.AsyncClient) -> None:
    (message,) = await say(client, RESET)
    assert message.keys() == {"recipient_id", "text", "custom"}
    assert message["recipient_id"] == "kim"
    assert message["text"] == ANSWERS["router-reset"]
    assert message["custom"]["grapevine"]["provenance"]["entries"][0]["id"] == "router-reset"


async def test_the_stream_is_one_json_object_a_line(client: httpx.AsyncClient) -> None:
    body = {"sender": "kim", "message": RESET}
    response = await client.post(f"{WEBHOOK}?stream=true", json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = response.text.splitlines()
    assert response.text.endswith("\n")
    assert [json.loads(line)["text"] for line in lines] == [ANSWERS["router-reset"]]
    plain = await client.post(f"{WEBHOOK}?stream=false", json=body)
    assert plain.headers["content-type"] == "application/json"


async def test_a_sender_has_one_conversation_and_others_have_theirs(
    client: httpx.AsyncClient, server: Server
) -> None:
    for text in (RESET, "hello", RESET):
        await say(client, text)
    await say(client, "hello", sender="lee")
    await say(client, "hello", sender=7)
    assert [m.text for m in logged(server, "kim") if m.role == "user"] == [RESET, "hello", RESET]
    assert [m.seq for m in logged(server, "kim")] == [1, 2, 3, 4, 5, 6]
    assert len(logged(server, "lee")) == len(logged(server, "7")) == 2


async def test_another_key_has_another_conversation_with_the_same_sender(
    client: httpx.AsyncClient, server: Server
) -> None:
    await say(client, RESET)
    client.headers["Authorization"] = f"Bearer {OTHER_KEY}"
    await say(client, "hello")
    assert [m.text for m in logged(server, "kim") if m.role == "user"] == [RESET]
    assert server.retriever.asked[-1] == ("hello", ())


async def test_a_visitors_conversation_cannot_be_named(
    client: httpx.AsyncClient, server: Server
) -> None:
    visitors, _ = server.log.create("websocket")
    await say(client, RESET, sender=visitors)
    assert server.history.page(visitors).messages == ()


async def test_a_pressed_button_is_answered_with_its_entry(
    client: httpx.AsyncClient, server: Server
) -> None:
    (asked,) = await say(client, UNSURE)
    assert len(asked["buttons"]) >= 2
    for button in asked["buttons"]:
        assert button.keys() == {"title", "payload"}
        assert not button["payload"].startswith("/")
        (chosen,) = await say(client, button["payload"])
        entry_id = button["payload"].rsplit(":", 1)[1]
        assert chosen["text"] == ANSWERS[entry_id]
        assert logged(server, "kim")[-2].text == button["title"]


async def test_a_payload_that_was_not_offered_here_is_a_text_like_any_other(
    client: httpx.AsyncClient, server: Server
) -> None:
    (asked,) = await say(client, UNSURE)
    payload = asked["buttons"][0]["payload"]
    made_up = payload.rsplit(":", 1)[0] + ":router-reset"
    (answer,) = await say(client, made_up)
    assert answer["custom"]["grapevine"]["provenance"]["route"] != "answer"
    assert logged(server, "kim")[-2].text == made_up
    await say(client, payload, sender="lee")
    assert logged(server, "lee")[0].text == payload


@pytest.mark.parametrize("text", ["/restart", "/session_start", '/greet{"name": "kim"}'])
async def test_a_slash_is_a_letter_like_any_other(
    client: httpx.AsyncClient, server: Server, text: str
) -> None:
    await say(client, RESET)
    await say(client, text)
    texts = [m.text for m in logged(server, "kim")]
    assert texts[:3] == [RESET, ANSWERS["router-reset"], text]


async def test_a_retry_under_its_own_name_is_answered_once(
    client: httpx.AsyncClient, server: Server
) -> None:
    named = {"metadata": {"message_id": "SM 1/ü", "channel": "sms"}}
    first, second = [await say(client, RESET, **named) for _ in range(2)]
    assert first == second
    assert len(logged(server, "kim")) == 2
    again = await client.post(WEBHOOK, json={"sender": "kim", "message": "other"} | named)
    assert again.status_code == 409
    assert again.json()["code"] == "message-conflict"
    (asked,) = await say(client, UNSURE)
    payload, button = asked["buttons"][0]["payload"], {"metadata": {"message_id": "b"}}
    pressed = [await say(client, payload, **button) for _ in range(2)]
    assert pressed[0] == pressed[1]


async def test_who_gives_no_name_shares_no_conversation(
    client: httpx.AsyncClient, server: Server
) -> None:
    for text in ("router restart", RESET):
        response = await client.post(WEBHOOK, json={"message": text})
        assert response.json()[0]["recipient_id"] == "default"
    assert server.retriever.asked == [("router restart", ()), (RESET, ())]


async def test_a_deleted_conversation_is_gone_and_the_sender_goes_on(
    client: httpx.AsyncClient, server: Server
) -> None:
    await say(client, RESET)
    caller = Caller(_namespace(KEY))
    await server.service.delete(caller.conversation_of("rasa-rest", "kim"))
    await say(client, "router restart")
    await say(client, "hello")
    assert server.retriever.asked[-1] == ("hello", ("router restart",))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid-json"),
        (b"{", 400, "invalid-json"),
        (b"[]", 400, "invalid-json"),
        (b'"hello"', 400, "invalid-json"),
        (b"\xff\xfe", 400, "invalid-utf8"),
        (b"[" * 100_000, 400, "invalid-json"),
        (b'{"sender": "kim"}', 422, "invalid-request"),
        (b'{"sender": "kim", "message": null}', 422, "invalid-request"),
        (b'{"sender": "kim", "message": {}}', 422, "invalid-request"),
        (b'{"sender": "", "message": "hi"}', 422, "invalid-request"),
        (b'{"sender": ["kim"], "message": "hi"}', 422, "invalid-request"),
        (b'{"sender": "\\ud800", "message": "hi"}', 422, "invalid-request"),
        (b'{"sender": "kim", "message": "hi", "metadata": 5}', 422, "invalid-request"),
        (b'{"sender": "kim", "message": "  "}', 422, "empty-message"),
        (b'{"sender": "kim", "message": "a\\u0000b"}', 422, "text-not-allowed"),
        (b'{"sender": "kim", "message": "' + b"x" * 4001 + b'"}', 413, "message-too-long"),
        (b'{"sender": "kim", "message": "' + b"x" * 1_000_000 + b'"}', 413, "body-too-large"),
    ],
)
async def test_a_bad_body_is_a_problem_and_the_next_one_is_answered(
    client: httpx.AsyncClient, server: Server, body: bytes, status: int, code: str
) -> None:
    response = await client.post(WEBHOOK, content=body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["remedy"]
    assert await say(client, RESET)
    assert len(logged(server, "kim")) == 2


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", f"Token {KEY}"])
async def test_without_a_key_nothing_is_asked(
    client: httpx.AsyncClient, server: Server, authorization: str | None
) -> None:
    del client.headers["Authorization"]
    headers = {"Authorization": authorization} if authorization else {}
    response = await client.post(WEBHOOK, json={"sender": "kim", "message": RESET}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert "GRAPEVINE_API_KEYS" in response.json()["remedy"]
    assert server.retriever.asked == []


async def test_pages_of_other_origins_are_told_nothing(client: httpx.AsyncClient) -> None:
    response = await client.options(
        WEBHOOK,
        headers={"Origin": "https://x.example", "Access-Control-Request-Method": "POST"},
    )
    assert not [name for name in response.headers if name.startswith("access-control-")]
