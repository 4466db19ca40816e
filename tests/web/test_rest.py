"""The REST twin against a real server: the whole of a conversation, and every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from tests.web.gateway_world import SECRET, StandInBot, Web, filled, running, wait_for
from web.security.tokens import Tokens


@pytest.fixture(scope="module")
def bot() -> Iterator[StandInBot]:
    bot = StandInBot()
    yield bot
    bot.close()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, bot: StandInBot) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("rest")
    with filled(folder, bot.port, allowed_origins=("https://shop.example",)) as web:
        yield web


def problem(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["detail"]
    assert body["remedy"]
    assert body["type"] == f"/v1/errors/{code}"


def test_a_whole_conversation(web: Web, bot: StandInBot) -> None:
    path, cid, headers = web.open()
    body = web.ask(path, headers, "1", "How do I reset my router?").json()
    reply = body["reply"]
    assert reply["text"] == "Hold the reset button for ten seconds."
    assert (body["user"]["seq"], reply["seq"], reply["reply_to"]) == (1, 2, body["user"]["id"])
    provenance = reply["provenance"]
    assert (provenance["route"], provenance["degraded"]) == ("answer", False)
    (entry,) = provenance["entries"]
    assert (entry["id"], entry["revision"], entry["asked"]) == ("router-reset", 1, None)
    assert entry["since"] is not None
    assert {"log", "retrieval", "bot", "responder"} <= set(provenance["ms"])
    assert provenance["ranking"][0]["id"] == "router-reset"

    thumb = httpx.put(
        f"{path}/messages/{reply['id']}/feedback", json={"value": "up"}, headers=headers
    )
    assert thumb.json() == {"message_id": reply["id"], "value": "up"}
    history = httpx.get(f"{path}/messages", headers=headers).json()
    assert [m["seq"] for m in history["messages"]] == [1, 2]
    assert history["messages"][1]["feedback"] == "up"
    assert httpx.get(f"{path}/messages?after_seq=1", headers=headers).json()["messages"] == [
        history["messages"][1]
    ]
    taken = httpx.post(
        f"{path}/handoff", json={"email": "kim@example.com", "note": "call"}, headers=headers
    )
    assert taken.status_code == 201
    assert taken.json()["reference"].startswith("GV-")
    assert httpx.delete(path, headers=headers).status_code == 204
    problem(httpx.get(f"{path}/messages", headers=headers), 410, "conversation-gone")
    problem(web.ask(path, headers, "2", "hi"), 410, "conversation-gone")
    wait_for(lambda: cid in bot.forgotten)


def test_a_retry_gives_the_first_answer_and_asks_nobody(web: Web, bot: StandInBot) -> None:
    path, _, headers = web.open()
    first = web.ask(path, headers, "1", "When is my bill due?").json()
    asked = len(bot.turns)
    assert web.ask(path, headers, "1", "When is my bill due?").json() == first
    assert len(bot.turns) == asked
    problem(web.ask(path, headers, "1", "something else"), 409, "message-conflict")


def test_only_what_was_offered_can_be_chosen(web: Web) -> None:
    path, _, headers = web.open()
    chosen = {"client_message_id": "2", "text": "my router", "selected_entry_id": "bill-due"}
    problem(httpx.post(f"{path}/messages", json=chosen, headers=headers), 422, "option-not-offered")
    asked = web.ask(path, headers, "1", "do the router lights reset my").json()["reply"]
    option = asked["options"][0]
    chosen |= {"selected_entry_id": option["entry_id"]}
    for _ in range(2):
        reply = httpx.post(f"{path}/messages", json=chosen, headers=headers).json()["reply"]
        assert [entry["id"] for entry in reply["provenance"]["entries"]] == [option["entry_id"]]
        assert reply["provenance"]["entries"][0]["p"] == 1.0


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("", 422, "empty-message"),
        ("  \n\t ", 422, "empty-message"),
        ("\u200b\u202e\u2066", 422, "empty-message"),
        ("a\x00b", 422, "text-not-allowed"),
        ("x" * 4001, 413, "message-too-long"),
        ("x" * 100_000, 413, "body-too-large"),
    ],
)
def test_text_that_is_refused(web: Web, text: str, status: int, code: str) -> None:
    path, _, headers = web.open()
    problem(web.ask(path, headers, "1", text), status, code)
    assert web.ask(path, headers, "1", "When is my bill due?").status_code == 200


def test_text_that_is_cleaned_or_taken_as_it_is(web: Web) -> None:
    path, _, headers = web.open()
    said = {
        "1": ("pay\u202eevil\u200b me\x07", "payevil me"),
        "2": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        "3": ("/restart", "/restart"),
        "4": ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
    }
    for client_id, (text, stored) in said.items():
        body = web.ask(path, headers, client_id, text).json()
        assert body["user"]["text"] == stored
        assert body["reply"]["text"]
    assert body["reply"]["provenance"]["route"] == "chat"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "invalid-json"),
        (b'{"client_message_id": "1", "text": "\xff"}', "invalid-utf8"),
        (b"[]", "invalid-request"),
        (b'{"client_message_id": "1"}', "invalid-request"),
        (b'{"client_message_id": "a b", "text": "x"}', "invalid-request"),
        (b'{"client_message_id": "1", "text": 5}', "invalid-request"),
    ],
)
def test_bodies_that_cannot_be_read(web: Web, content: bytes, code: str) -> None:
    path, _, headers = web.open()
    headers = headers | {"Content-Type": "application/json"}
    half = b'{"client_message_id": "0", "text": "half a \\ud83d character"}'
    taken = httpx.post(f"{path}/messages", content=half, headers=headers)
    assert taken.json()["user"]["text"] == "half a \ufffd character"
    response = httpx.post(f"{path}/messages", content=content, headers=headers)
    problem(response, 422 if code == "invalid-request" else 400, code)


def test_who_may_not_come_in(web: Web) -> None:
    path, cid, _ = web.open()
    _, _, others = web.open()
    url = f"{path}/messages"
    problem(httpx.get(url), 401, "unauthorized")
    problem(httpx.get(url, headers={"Authorization": "Bearer x"}), 401, "unauthorized")
    problem(httpx.get(url, headers=others), 403, "token-mismatch")
    tokens = web.services.gateway.tokens
    old = Tokens(web.services.settings.token_secret, 60)  # type: ignore[arg-type]
    old._ttl = timedelta(seconds=-5)
    expired = {"Authorization": f"Bearer {old.issue(cid)[0]}"}
    problem(httpx.get(url, headers=expired), 401, "token-expired")
    unknown = {"Authorization": f"Bearer {tokens.issue('c-none')[0]}"}
    nowhere = f"{web.url}/v1/conversations/c-none/messages"
    problem(httpx.get(nowhere, headers=unknown), 404, "conversation-not-found")
    for origin in ("https://evil.example", "null", "https://shop.example:444"):
        foreign = httpx.post(f"{web.url}/v1/conversations", headers={"Origin": origin})
        problem(foreign, 403, "origin-refused")
    for origin in ("https://shop.example", web.url):
        own = httpx.post(f"{web.url}/v1/conversations", headers={"Origin": origin})
        assert own.status_code == 201


def test_a_fresh_token_wants_the_resume_key(web: Web) -> None:
    made = httpx.post(f"{web.url}/v1/conversations", json={}).json()
    url = f"{web.url}/v1/conversations/{made['conversation_id']}"
    fresh = httpx.post(f"{url}/token", json={"resume_key": made["resume_key"]}).json()
    headers = {"Authorization": f"Bearer {fresh['token']}"}
    assert httpx.get(f"{url}/messages", headers=headers).status_code == 200
    problem(httpx.post(f"{url}/token", json={"resume_key": "x"}), 401, "unauthorized")
    assert SECRET not in str(web.services.settings)


@pytest.mark.parametrize(
    "email", ["", "kim", "kim@x", "a b@c.example", "kim@example.com\r\nBcc: x"]
)
def test_addresses_that_are_none(web: Web, email: str) -> None:
    path, _, headers = web.open()
    response = httpx.post(f"{path}/handoff", json={"email": email}, headers=headers)
    problem(response, 422, "invalid-request")


def test_the_frameworks_own_errors_are_problems_too(web: Web) -> None:
    problem(httpx.get(f"{web.url}/nowhere"), 404, "not-found")
    problem(httpx.get(f"{web.url}/v1/conversations"), 405, "method-not-allowed")
    assert httpx.get(f"{web.url}/v1/errors/not-found").json()["status"] == 404
    assert len(httpx.get(f"{web.url}/v1/errors").json()) > 30


def test_security_headers_are_everywhere(web: Web) -> None:
    for path in ("/healthz", "/v1/config", "/nowhere"):
        headers = httpx.get(f"{web.url}{path}").headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers
    assert httpx.get(f"{web.url}/v1/config").headers["cache-control"] == "no-store"


def test_readiness_tells_every_part(web: Web) -> None:
    assert httpx.get(f"{web.url}/healthz").json() == {"status": "alive"}
    ready = httpx.get(f"{web.url}/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "ready": True,
        "parts": {"index": "ready", "entries": 3, "bot": "stand-in", "database": "ready"},
    }
    config = httpx.get(f"{web.url}/v1/config").json()
    assert config["limits"]["max_message_chars"] == 4000
    assert SECRET not in str(config)


def test_openapi_describes_every_problem_and_gives_examples(web: Web) -> None:
    document = httpx.get(f"{web.url}/openapi.json").json()
    paths = {p: ops for p, ops in document["paths"].items() if p.startswith("/v1/conversations")}
    assert len(paths) == 6
    for operations in paths.values():
        for operation in operations.values():
            told = [r for s, r in operation["responses"].items() if int(s) >= 400]
            assert told
            assert all("application/problem+json" in r["content"] for r in told), operation
    assert document["components"]["schemas"]["MessageRequest"]["examples"]


def test_a_handful_is_allowed_and_then_one_has_to_wait(
    tmp_path_factory: pytest.TempPathFactory, bot: StandInBot
) -> None:
    with running(tmp_path_factory.mktemp("rate"), bot.port, rate_per_minute=2) as web:
        path, _, headers = web.open()
        answers = [web.ask(path, headers, str(n), "hello") for n in range(3)]
        assert [a.status_code for a in answers] == [200, 200, 429]
        problem(answers[2], 429, "rate-limited")
        assert int(answers[2].headers["retry-after"]) > 0
        other_path, _, other = web.open()
        assert web.ask(other_path, other, "1", "hello").status_code == 200


def test_readiness_tells_strangers_no_more_than_yes_or_no(web: Web) -> None:
    from_afar = {"X-Forwarded-For": "203.0.113.7"}
    told = httpx.get(f"{web.url}/readyz", headers=from_afar)
    assert told.json() == {"ready": True}
