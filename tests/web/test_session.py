"""The session, state by state; its lines are covered to the last one."""

from __future__ import annotations

import json

import pytest

from tests.web.session_world import (
    CID,
    LIMITS,
    answer,
    commands,
    greeted,
    opened,
    sent,
    user_message,
)
from web.conversation import frames as f
from web.conversation import session as s
from web.conversation.events import (
    Committed,
    Deleted,
    Delta,
    Done,
    Failed,
    PersonOffered,
    Rated,
    Replace,
    Typing,
    Unfinished,
)
from web.errors import (
    AnswerFailed,
    ConversationGone,
    InvalidJson,
    LogUnavailable,
    MessageConflict,
    TokenExpired,
    WebError,
)

HELLO = f.Hello(protocol=1, conversation_id=CID, token="t")
MESSAGE = f.Message(client_message_id="x1", text="hi")


def types(outputs: list[s.Output]) -> list[str]:
    return [frame.type for frame in sent(outputs)]


def error_code(outputs: list[s.Output]) -> str:
    (frame,) = sent(outputs)
    assert isinstance(frame, f.ErrorFrame)
    return str(frame.problem["code"])


class TestBegin:
    def test_anything_before_hello_ends_the_connection(self) -> None:
        session = s.Session(LIMITS, 0)
        outputs = session.receive(MESSAGE, 0)
        assert error_code(outputs) == "hello-expected"
        assert commands(outputs) == [s.Close(4400, "hello-expected")]
        assert session.receive(HELLO, 1) == []

    def test_another_protocol_version_ends_the_connection(self) -> None:
        hello = f.Hello(protocol=9, conversation_id=CID, token="t")
        outputs = s.Session(LIMITS, 0).receive(hello, 0)
        assert commands(outputs) == [s.Close(4406, "unsupported-protocol")]

    def test_garbage_and_pings_are_borne_at_any_time(self) -> None:
        session = s.Session(LIMITS, 0)
        assert error_code(session.receive(InvalidJson(), 0)) == "invalid-json"
        assert sent(session.receive(f.Ping(id=7), 0)) == [f.Pong(id=7)]
        assert commands(session.receive(HELLO, 0)) == [s.Authenticate(CID, "t")]

    def test_a_refused_token_ends_the_connection(self) -> None:
        session = s.Session(LIMITS, 0)
        session.receive(HELLO, 0)
        assert commands(session.refused(TokenExpired())) == [s.Close(4401, "token-expired")]
        assert session.refused(TokenExpired()) == []

    def test_a_fault_of_ours_at_the_hello_says_try_again_later(self) -> None:
        session = s.Session(LIMITS, 0)
        session.receive(HELLO, 0)
        assert commands(session.refused(LogUnavailable())) == [s.Close(1013, "log-unavailable")]

    def test_frames_sent_ahead_wait_for_the_token(self) -> None:
        session = s.Session(LIMITS, 0)
        session.receive(HELLO, 0)
        assert session.receive(f.Resume(last_seq=0), 0) == []
        assert session.receive(MESSAGE, 0) == []
        outputs = session.authenticated(0)
        assert types(outputs) == ["welcome"]
        assert commands(outputs) == [s.Subscribe(), s.ReadLog(0), s.Submit(MESSAGE)]
        assert session.authenticated(0) == []

    def test_but_not_without_end(self) -> None:
        session = s.Session(LIMITS, 0)
        session.receive(HELLO, 0)
        for _ in range(16):
            assert session.receive(MESSAGE, 0) == []
        outputs = session.receive(MESSAGE, 0)
        assert error_code(outputs) == "out-of-order"

    @pytest.mark.parametrize("frame", [HELLO, MESSAGE, f.Stop(message_id="m-1")])
    def test_what_needs_a_resume_is_refused_and_the_connection_lives(
        self, frame: f.ClientFrame
    ) -> None:
        session = greeted()
        assert error_code(session.receive(frame, 0)) == "out-of-order"
        assert commands(session.receive(f.Resume(last_seq=0), 0)) == [s.Subscribe(), s.ReadLog(0)]

    @pytest.mark.parametrize("frame", [HELLO, f.Resume(last_seq=0)])
    def test_hello_and_resume_come_once(self, frame: f.ClientFrame) -> None:
        assert error_code(opened().receive(frame, 0)) == "out-of-order"


class TestTime:
    def test_a_silent_stranger_is_sent_away(self) -> None:
        session = s.Session(LIMITS, 0)
        assert session.tick(10) == []
        assert commands(session.tick(10.1)) == [s.Close(4400, "hello-expected")]
        assert session.tick(20) == []

    def test_a_lost_heartbeat_ends_the_connection(self) -> None:
        session = opened()
        session.receive(f.Ping(), 50)
        assert session.tick(140) == []
        assert commands(session.tick(141)) == [s.Close(4408, "heartbeat-lost")]


class TestTalk:
    def test_own_message_is_acked_once(self) -> None:
        session = opened()
        assert session.receive(MESSAGE, 0) == [s.Submit(MESSAGE)]
        mine = user_message(1, "x1")
        ack = f.Ack(client_message_id="x1", message_id="u1", seq=1)
        assert sent(session.heard(Committed(mine))) == [ack]
        assert session.accepted(mine) == []
        assert session.heard(Committed(mine)) == []

    def test_anothers_message_is_shown(self) -> None:
        other = user_message(1, "y1")
        assert sent(opened().heard(Committed(other))) == [f.OthersMessage(message=other)]

    def test_commands_carry_the_frame(self) -> None:
        session = opened()
        choice = f.Choice(client_message_id="x2", message_id="m-1", entry_id="e")
        thumb = f.Feedback(message_id="m-1", value=None)
        assert session.receive(choice, 0) == [s.Choose(choice)]
        assert session.receive(f.Stop(message_id="m-1"), 0) == [s.StopWriting("m-1")]
        assert session.receive(thumb, 0) == [s.Rate(thumb)]

    def test_a_refused_message_gets_an_error_and_no_ack(self) -> None:
        session = opened()
        session.receive(MESSAGE, 0)
        (frame,) = sent(session.failed(MessageConflict(), "x1"))
        assert isinstance(frame, f.ErrorFrame)
        assert frame.client_message_id == "x1"
        other = user_message(1, "x1")
        assert types(session.heard(Committed(other))) == ["message"]

    def test_some_failures_end_the_connection(self) -> None:
        session = opened()
        outputs = session.failed(ConversationGone(), "x1")
        assert commands(outputs) == [s.Close(4410, "conversation-gone")]
        assert session.failed(ConversationGone()) == []
        assert session.heard(Typing(True)) == []
        assert session.accepted(user_message(1, "x1")) == []

    def test_deleting_ends_every_connection(self) -> None:
        outputs = opened().heard(Deleted())
        assert error_code(outputs) == "conversation-gone"
        assert commands(outputs) == [s.Close(4410, "conversation-gone")]

    def test_a_failed_answer_names_its_message(self) -> None:
        (frame,) = sent(opened().heard(Failed("u1", "x1", AnswerFailed())))
        assert isinstance(frame, f.ErrorFrame)
        assert (frame.client_message_id, frame.problem["code"]) == ("x1", "answer-failed")

    def test_typing_is_told_when_it_changes(self) -> None:
        session = opened()
        told = [types(session.heard(Typing(on))) for on in (True, True, False, False)]
        assert told == [["typing"], [], ["typing"], []]

    def test_thumbs_and_the_way_to_a_person_are_told(self) -> None:
        session = opened()
        assert types(session.heard(Rated("a1", "up"))) == ["feedback"]
        assert types(session.heard(PersonOffered("a1", "9-18", "a@b.example"))) == ["handoff"]


class TestAnswer:
    def test_deltas_then_done(self) -> None:
        session = opened(1, (user_message(1, "x1"),))
        assert types(session.heard(Delta("a", "u1", 0, "你好"))) == ["delta"]
        assert session.heard(Delta("a", "u1", 0, "你好")) == []
        (frame,) = sent(session.heard(Delta("a", "u1", 1, "好👍b")))
        assert frame == f.DeltaFrame(message_id="a", reply_to="u1", offset=2, text="👍b")
        assert session.heard(Delta("a", "u1", 9, "gap")) == []
        assert types(session.heard(Replace("a", "u1", "no"))) == ["replace"]
        assert types(session.heard(Delta("a", "u1", 2, "!"))) == ["delta"]
        assert types(session.heard(Done(answer(2, "u1", "no!", "a")))) == ["done"]
        for late in (
            Delta("a", "u1", 0, "late"),
            Replace("a", "u1", "late"),
            Done(answer(2, "u1", "no!", "a")),
        ):
            assert session.heard(late) == []

    def test_a_retry_gets_the_answer_again(self) -> None:
        mine, reply = user_message(1, "x1"), answer(2, "u1", "yes")
        session = opened(2, (mine, reply))
        session.receive(MESSAGE, 0)
        assert types(session.accepted(mine, reply)) == ["ack", "done"]


class TestResume:
    def test_only_what_is_missing_is_replayed(self) -> None:
        stored = tuple(user_message(n, f"y{n}") for n in (1, 2, 3))
        session = greeted()
        session.receive(f.Resume(last_seq=1), 0)
        session.subscribed((), typing=False)
        replay, live = sent(session.page(stored, 3))
        assert isinstance(replay, f.Replay)
        assert [m.seq for m in replay.messages] == [2, 3]
        assert live == f.Live(last_seq=3)

    def test_pages_are_read_until_the_end(self) -> None:
        stored = [user_message(n, f"y{n}") for n in range(1, 6)]
        session = greeted()
        session.receive(f.Resume(last_seq=0), 0)
        outputs = session.page(stored[:2], 5)
        assert types(outputs) == ["replay"]
        assert commands(outputs) == [s.ReadLog(2)]
        assert types(session.page(stored[2:], 5)) == ["replay", "live"]

    def test_events_during_the_replay_come_after_it_and_once(self) -> None:
        stored = [user_message(1, "y1"), user_message(2, "y2")]
        session = greeted()
        session.receive(f.Resume(last_seq=0), 0)
        session.subscribed((), typing=False)
        assert session.heard(Committed(stored[1])) == []
        assert session.heard(Committed(user_message(3, "y3"))) == []
        assert types(session.page(stored, 2)) == ["replay", "live", "message"]

    def test_an_unfinished_answer_is_sent_again_from_0(self) -> None:
        session = greeted()
        session.receive(f.Resume(last_seq=1), 0)
        session.subscribed([Unfinished("a", "u1", "so f")], typing=True)
        session.heard(Delta("a", "u1", 4, "ar"))
        frames = sent(session.page((), 1))
        assert [frame.type for frame in frames] == ["live", "delta", "typing", "delta"]
        deltas = [frame for frame in frames if isinstance(frame, f.DeltaFrame)]
        assert [(d.offset, d.text) for d in deltas] == [(0, "so f"), (4, "ar")]

    def test_a_gap_is_filled_from_the_log(self) -> None:
        session = opened()
        missing, later = user_message(1, "y1"), user_message(2, "y2")
        assert session.heard(Committed(later)) == [s.ReadLog(0)]
        assert session.heard(Typing(True)) == []
        outputs = session.page((missing,), 2)
        assert (types(outputs), commands(outputs)) == (["replay"], [s.ReadLog(1)])
        assert types(session.page((later,), 2)) == ["replay", "typing"]

    def test_a_gap_that_the_log_does_not_know_is_no_trap(self) -> None:
        session = opened()
        later = user_message(3, "y3")
        assert session.heard(Committed(later)) == [s.ReadLog(0)]
        assert types(session.page((), 0)) == ["message"]

    def test_a_log_that_cannot_be_read_is_read_again_later(self) -> None:
        session = greeted()
        session.receive(f.Resume(last_seq=0), 0)
        assert error_code(session.unread(LogUnavailable())) == "log-unavailable"
        assert session.tick(1) == [s.ReadLog(0)]
        assert session.tick(2) == []
        assert types(session.page((), 0)) == ["live"]

    def test_a_client_from_the_future_starts_from_what_there_is(self) -> None:
        session = greeted()
        session.receive(f.Resume(last_seq=9), 0)
        assert sent(session.page((), 2)) == [f.Live(last_seq=2)]
        assert types(session.heard(Committed(user_message(3, "y3")))) == ["message"]

    def test_an_own_message_in_the_replay_is_acked_too(self) -> None:
        session = opened()
        session.receive(MESSAGE, 0)
        assert session.heard(Committed(user_message(2, "y1"))) == [s.ReadLog(0)]
        page = (user_message(1, "x1"), user_message(2, "y1"), answer(3, "u1", "yes"))
        assert types(session.page(page, 3)) == ["replay", "ack"]

    def test_an_ack_that_overtakes_is_not_doubled(self) -> None:
        session = opened()
        session.receive(MESSAGE, 0)
        mine = user_message(2, "x1")
        assert types(session.accepted(mine)) == ["ack"]
        assert types(session.heard(Committed(user_message(1, "y1")))) == ["message"]
        assert session.heard(Committed(mine)) == []
        assert types(session.heard(Committed(user_message(3, "y2")))) == ["message"]

    def test_an_ack_that_overtakes_is_not_replayed(self) -> None:
        session = opened()
        session.receive(MESSAGE, 0)
        first, mine, third = user_message(1, "y1"), user_message(2, "x1"), user_message(3, "y2")
        session.accepted(mine)
        assert session.heard(Committed(third)) == [s.ReadLog(0)]
        (replay,) = sent(session.page((first, mine, third), 3))
        assert isinstance(replay, f.Replay)
        assert [m.seq for m in replay.messages] == [1, 3]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{", "invalid-json"),
        ("[]", "invalid-json"),
        ("[" * 10_000, "invalid-json"),
        ('{"type":"message","client_message_id":"a","text":"\\ud800}', "invalid-json"),
        ("{}", "unknown-frame"),
        ('{"type":"shout"}', "unknown-frame"),
        ('{"type":["hello"]}', "unknown-frame"),
        ('{"type":"resume","last_seq":-1}', "invalid-request"),
        ('{"type":"resume","last_seq":true}', "invalid-request"),
        ('{"type":"hello","protocol":1}', "invalid-request"),
        ('{"type":"message","client_message_id":"a b","text":"x"}', "invalid-request"),
        ('{"type":"message","client_message_id":"","text":"x"}', "invalid-request"),
        (b"\xff\xfe", "invalid-utf8"),
        ("\ud800", "invalid-utf8"),
        (json.dumps({"type": "ping", "id": "x" * 70_000}), "frame-too-large"),
    ],
)
def test_bad_frames_are_named(raw: str | bytes, code: str) -> None:
    with pytest.raises(WebError) as caught:
        f.read_frame(raw, 65_536)
    assert caught.value.code == code


def test_every_client_frame_is_read_back() -> None:
    for frame in (
        HELLO,
        f.Resume(last_seq=3),
        MESSAGE,
        f.Choice(client_message_id="x", message_id="m-1", entry_id="router-reset"),
        f.Stop(message_id="m-1"),
        f.Feedback(message_id="m-1", value="up"),
        f.Ping(id="p"),
    ):
        assert f.read_frame(frame.model_dump_json(), 65_536) == frame


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        ("\\ud83d\\ude42", "🙂"),
        ("a \\ud83d b", "a \ufffd b"),
        ("a \\ude42\\ud83d", "a \ufffd\ufffd"),
        ("a \\\\ud83d", "a \\ud83d"),
    ],
)
def test_halves_of_characters_are_replaced(escaped: str, text: str) -> None:
    raw = f'{{"type": "message", "client_message_id": "a", "text": "{escaped}"}}'
    frame = f.read_frame(raw, 1000)
    assert isinstance(frame, f.Message)
    assert frame.text == text
