"""Frames that are broken, strange, early, late or twice, through the whole product."""

from __future__ import annotations

import json

import pytest

from tests.bad_input.conftest import MAX_FRAME, Whole
from tests.bad_input.visitor import QUESTION, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "invalid-json"),
        ("{", "invalid-json"),
        ("hello", "invalid-json"),
        ("[]", "invalid-json"),
        ("null", "invalid-json"),
        ("42", "invalid-json"),
        ("[" * 100_000, "invalid-json"),
        ('{"a":' * 30_000 + "1" + "}" * 30_000, "invalid-json"),
        ('{"type": "ping", "id": ' + "[" * 150 + "]" * 150 + "}", "invalid-request"),
        ('{"type": "message", "client_message_id": "1", "text": NaN}', "invalid-request"),
        ('{"type": "ping", "id": "' + "x" * MAX_FRAME + '"}', "frame-too-large"),
        ('{"type": "dance"}', "unknown-frame"),
        ('{"type": 7}', "unknown-frame"),
        ('{"kind": "message"}', "unknown-frame"),
        ('{"type": "message", "client_message_id": "1", "text": 12345}', "invalid-request"),
        ('{"type": "message", "client_message_id": "1", "text": ["a"]}', "invalid-request"),
        ('{"type": "message", "client_message_id": "", "text": "a"}', "invalid-request"),
        ('{"type": "message", "client_message_id": "a b", "text": "a"}', "invalid-request"),
        ('{"type": "message", "client_message_id": 5, "text": "a"}', "invalid-request"),
        (
            json.dumps({"type": "message", "client_message_id": "i" * 129, "text": "a"}),
            "invalid-request",
        ),
        (
            json.dumps({"type": "message", "client_message_id": "i" * 100_000, "text": "a"}),
            "invalid-request",
        ),
        ('{"type": "message", "client_message_id": "1", "text": "a", "lang": "xx"}',
         "invalid-request"),
        ('{"type": "resume", "last_seq": -1}', "invalid-request"),
        ('{"type": "resume", "last_seq": 1e99}', "invalid-request"),
        ('{"type": "resume", "last_seq": 99999999999999999999}', "invalid-request"),
        ('{"type": "resume", "last_seq": 0}', "out-of-order"),
        ('{"type": "hello", "protocol": 1, "conversation_id": "c", "token": "t"}', "out-of-order"),
        ('{"type": "stop", "message_id": "m-of-nobody"}', "message-not-found"),
        ('{"type": "feedback", "message_id": "m-of-nobody", "value": "up"}', "message-not-found"),
        ('{"type": "feedback", "message_id": "m", "value": "sideways"}', "invalid-request"),
    ],
    ids=lambda value: repr(value[:50]),
)  # fmt: skip
def test_a_bad_frame_is_named_and_the_connection_lives(
    visitor: Visitor, raw: str, code: str
) -> None:
    assert visitor.refused(raw) == code


def test_bytes_in_a_binary_frame_that_are_no_utf8(visitor: Visitor) -> None:
    visitor._socket.send(b'{"type": "ping", "id": "\xff\xfe"}')
    assert visitor.next("error")["problem"]["code"] == "invalid-utf8"


def test_bytes_in_a_text_frame_that_are_no_utf8_end_as_the_protocol_says(whole: Whole) -> None:
    """RFC 6455 leaves no choice (close code 1007); a new connection resumes without loss."""
    with Visitor(whole.url) as visitor:
        visitor.say(QUESTION, "1")
        visitor.send_raw(b'{"type": "ping", "id": "\xff\xfe"}')
        with pytest.raises(Exception, match="1007"):
            visitor.next("pong")
        visitor.cut()
        visitor.hello()
        visitor.next("welcome")
        visitor.send(type="resume", last_seq=0)
        assert [m["seq"] for m in visitor.next("replay")["messages"]] == [1, 2]
        visitor.assert_alive()


def test_the_same_message_twice_and_another_under_its_id(visitor: Visitor) -> None:
    first = visitor.say(QUESTION, "one")
    assert visitor.say(QUESTION, "one") == first
    assert visitor.say("something else", "one")["code"] == "message-conflict"
    assert [m["seq"] for m in visitor.history()] == [1, 2]


def test_ids_in_any_order_are_just_ids(visitor: Visitor) -> None:
    for client_id in ("9", "1", "5", "9", "1"):
        visitor.send(type="message", client_message_id=client_id, text="hello")
    seen = set()
    while len(seen) < 3:
        seen.add(visitor.next("done")["message"]["reply_to"])
    questions = [m for m in visitor.history() if m["role"] == "user"]
    assert sorted(m["client_message_id"] for m in questions) == ["1", "5", "9"]


def test_a_socket_cut_after_each_frame_of_a_turn(whole: Whole) -> None:
    """Hello, resume and message are sent; the cut comes after 0, 1, 2, … frames were read."""
    frames = 0
    while True:
        with Visitor(whole.url) as visitor:
            ended = _cut_after(visitor, frames)
            visitor.cut()
            visitor.last_seq = 0
            visitor.hello()
            visitor.send(type="resume", last_seq=0)
            visitor.send(type="message", client_message_id="1", text=QUESTION)
            done = visitor.next("done", "replay")
            while not _answers(done):
                done = visitor.next("done", "replay")
            assert [m["seq"] for m in visitor.history()] == [1, 2]
        if ended:
            break
        frames += 1
    assert frames >= 4


def _cut_after(visitor: Visitor, frames: int) -> bool:
    """Read ``frames`` frames of a turn; whether the turn was over by then."""
    visitor.cut()
    visitor.hello()
    visitor.send(type="resume", last_seq=0)
    visitor.send(type="message", client_message_id="1", text=QUESTION)
    return any(visitor.next()["type"] == "done" for _ in range(frames))


def _answers(frame: dict[str, object]) -> bool:
    messages = frame.get("messages") or [frame.get("message")]
    assert isinstance(messages, list)
    return any(m and m["role"] == "assistant" for m in messages)


def test_two_tabs_that_talk_at_once(whole: Whole) -> None:
    with Visitor(whole.url) as one, Visitor(whole.url) as two:
        two.conversation_id, two.token = one.conversation_id, one.token
        two.cut()
        two.join()
        one.send(type="message", client_message_id="same", text=QUESTION)
        two.send(type="message", client_message_id="same", text=QUESTION)
        two.send(type="message", client_message_id="own", text="hello there")
        for tab in (one, two):
            # A retry may be given its answer again: at least once on the wire.
            seen: set[str] = set()
            while len(seen) < 2:
                seen.add(tab.next("done")["message"]["id"])
        history = one.history()
        assert {m["id"] for m in history if m["role"] == "assistant"} == seen
        assert [m["seq"] for m in history] == [1, 2, 3, 4]
        assert sorted(m["client_message_id"] for m in history if m["role"] == "user") == [
            "own", "same",
        ]  # fmt: skip
        one.assert_alive()
        two.assert_alive()
