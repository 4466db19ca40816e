"""The channel of a real Rasa server: who may speak, what is refused, and each message once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from conftest import SECRET, Server, routes, texts

pytestmark = pytest.mark.slow


def test_health_names_the_model(server: Server) -> None:
    health = server.get("/webhooks/grapevine/health")
    assert health["ready"] is True
    assert health["model"] == server.model.name
    assert len(health["fingerprint"]) == 32


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x"])
@pytest.mark.parametrize("path", ["turn", "forget"])
def test_without_the_secret_nobody_is_heard(
    server: Server, conversation: str, path: str, secret: str | None
) -> None:
    body = server.body(conversation, "hi")
    status, reply = server.post(body, f"/webhooks/grapevine/{path}", secret)
    assert (status, reply["error"]) == (401, "unauthorized")


def test_no_other_door_is_open(server: Server) -> None:
    for path in ("/webhooks/rest/webhook", "/model/parse", "/conversations/x/trigger_intent"):
        assert server.post({"sender": "x", "message": "hi", "text": "hi"}, path)[0] == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"conversation_id": ""}, "conversation_id"),
        ({"message_id": 7}, "message_id"),
        ({"text": "   "}, "text is empty"),
        ({"text": None}, "text must be a text"),
        ({"text": "x" * 20_001}, "at most 20000"),
        ({"lang": "fr"}, "lang must be one of"),
        ({"evidence": {"v": 2}}, "evidence.v must be 1"),
        ({"evidence": {"v": 1, "lang": "en", "items": [], "x": "y" * 2048}}, "2048 bytes"),
        ({"costs": {"revision": 1, "matrix": {}}}, "lacks route"),
        ({"missed": [{"message_id": "x"}]}, r"missed[0]"),
        ({"missed": 3}, "missed must be a list"),
        ({"selected_entry_id": ""}, "selected_entry_id"),
    ],
)
def test_what_is_no_turn_is_refused(
    server: Server, conversation: str, change: dict[str, Any], words: str
) -> None:
    status, reply = server.post({**server.body(conversation, "hi"), **change})
    assert (status, reply["error"]) == (400, "invalid_turn")
    assert words in reply["detail"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"'])
def test_what_is_no_json_is_refused(server: Server, raw: bytes) -> None:
    status, reply = server.post(raw)
    assert (status, reply["error"]) == (400, "invalid_turn")


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "  /restart",
        "\u2003/restart",
        "/session_start",
        "/nlu_fallback",
        "/ask_person",
        '/ask_person{"email": "a@b.cd"}',
        "/ask_person@1.0",
        "/ask_person\n/restart",
    ],
)
def test_no_prefix_drives_the_bot(server: Server, conversation: str, text: str) -> None:
    assert routes(server.turn(conversation, "where is my order?")) == ["flow"]
    reply = server.turn(conversation, text, ps=[0.1])
    assert reply["active_flow"] == "order_status_form" or "handoff" in routes(reply)
    # A command would have been read with confidence 1.0 and would have wiped the form.
    assert reply["nlu"]["confidence"] < 1.0
    assert reply["nlu"]["intent"] not in ("restart", "session_start", "back")
    again = server.turn(conversation, "where is my order?")
    assert routes(again) == ["flow"]


def test_a_command_is_no_intent(server: Server, conversation: str) -> None:
    """ "/goodbye" would be the intent goodbye with confidence 1.0."""
    for n, intent in enumerate(("goodbye", "insight", "bot_identity")):
        reply = server.turn(f"{conversation}-{n}", f"/{intent}")
        assert reply["nlu"]["confidence"] < 1.0


def test_the_same_message_id_changes_nothing(server: Server, conversation: str) -> None:
    server.turn(conversation, "where is my order?")
    body = server.body(conversation, "TW-10442")
    first = server.post(body)[1]
    assert "e-mail" in texts(first)
    second = server.post(body)[1]
    assert second == {**first, "replayed": True}
    # Had the form moved on twice, it would not wait for the address any more.
    third = server.turn(conversation, "anna@example.com")
    assert "DHL" in texts(third)
    assert server.post(body)[1] == {**first, "replayed": True}


def test_one_conversation_takes_one_turn_at_a_time(server: Server, conversation: str) -> None:
    body = server.body(conversation, "where is my order?")
    replies: list[Any] = []

    def send() -> None:
        replies.append(server.post(body)[1])

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r["replayed"] for r in replies) == [False] + [True] * 7
    assert len({str(r["directives"]) for r in replies}) == 1


def test_conversations_do_not_mix(server: Server, conversation: str) -> None:
    server.turn(f"{conversation}-a", "how do i pay", ps=[0.45, 0.4])
    other = server.turn(f"{conversation}-b", "the second one", ps=[0.1])
    assert other["directives"][0]["entry_ids"] == []
    mine = server.turn(f"{conversation}-a", "the second one")
    assert mine["directives"][0]["entry_ids"] == ["e2"]


def test_forgotten_is_forgotten(server: Server, conversation: str) -> None:
    body = server.body(conversation, "where is my order? TW-10442")
    assert server.post(body)[1]["active_flow"] == "order_status_form"
    assert server.post({"conversation_id": conversation}, "/webhooks/grapevine/forget")[0] == 200
    fresh = server.turn(conversation, "hello")
    assert fresh["active_flow"] is None
    assert server.post({}, "/webhooks/grapevine/forget")[0] == 400


def test_long_conversations_stay_whole(server: Server, conversation: str) -> None:
    """The tracker is folded many times; the open form and what it holds survive."""
    server.turn(conversation, "where is my order? it is TW-20031")
    for n in range(40):
        reply = server.turn(conversation, f"how do I reset router number {n} again", ps=[0.95])
        assert routes(reply) == ["answer", "flow"]
    reply = server.turn(conversation, "wangfang@example.cn")
    assert "TW-20031" in texts(reply)
    assert "SF Express" in texts(reply)


def test_odd_texts_get_some_reply(server: Server, conversation: str) -> None:
    odd = [
        "😀😀",
        "\u200b",
        "\u202egnirts",
        "\x00\x07",
        "<script>alert(1)</script>",
        "？",
        "a" * 19_999,
    ]
    for n, text in enumerate(odd):
        assert server.turn(f"{conversation}-{n}", text, ps=[0.1])["directives"]
