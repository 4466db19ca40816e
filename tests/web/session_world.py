"""A small world around the session: a log, a hub that misbehaves, and a client with a screen."""

from __future__ import annotations

from datetime import UTC, datetime

from web.conversation import frames as f
from web.conversation import session as s
from web.conversation.events import Committed, Delta, Done, Event, Replace, Unfinished
from web.conversation.models import StoredMessage

LIMITS = f.Limits(max_message_chars=100, max_frame_bytes=1000, rate_per_minute=60, heartbeat_s=90.0)
NOW = datetime(2026, 1, 5, tzinfo=UTC)
CID = "c-1"


def user_message(seq: int, client_id: str, text: str = "hi") -> StoredMessage:
    return StoredMessage(
        id=f"u{seq}",
        conversation_id=CID,
        seq=seq,
        role="user",
        text=text,
        created_at=NOW,
        client_message_id=client_id,
    )


def answer(seq: int, reply_to: str, text: str, message_id: str | None = None) -> StoredMessage:
    return StoredMessage(
        id=message_id or f"a-{reply_to}",
        conversation_id=CID,
        seq=seq,
        role="assistant",
        text=text,
        created_at=NOW,
        reply_to=reply_to,
    )


def sent(outputs: list[s.Output]) -> list[f.ServerFrame]:
    """The frames among ``outputs``."""
    return [output.frame for output in outputs if isinstance(output, s.Send)]


def commands(outputs: list[s.Output]) -> list[s.Output]:
    """What is not a frame."""
    return [output for output in outputs if not isinstance(output, s.Send)]


def greeted(now: float = 0.0) -> s.Session:
    """A session after hello and welcome."""
    session = s.Session(LIMITS, now)
    hello = f.Hello(protocol=1, conversation_id=CID, token="t")
    assert session.receive(hello, now) == [s.Authenticate(CID, "t")]
    welcome = sent(session.authenticated(0))
    assert [frame.type for frame in welcome] == ["welcome"]
    return session


def opened(last_seq: int = 0, stored: tuple[StoredMessage, ...] = ()) -> s.Session:
    """A session that is live, the client having everything up to ``last_seq``."""
    session = greeted()
    assert session.receive(f.Resume(last_seq=last_seq), 0) == [s.Subscribe(), s.ReadLog(last_seq)]
    session.subscribed((), typing=False)
    fresh = tuple(m for m in stored if m.seq > last_seq)
    frames = sent(session.page(fresh, stored[-1].seq if stored else last_seq))
    assert frames[-1].type == "live"
    return session


class Screen:
    """A client as the docs ask for it: it checks every promise while it reads.

    ``last_seq`` is what it would resume from. It survives its connections.
    """

    def __init__(self) -> None:
        self.messages: dict[str, str] = {}
        self.order: list[int] = []
        self.last_seq = 0
        self.unacked: dict[str, str] = {}
        self.partial: dict[str, str] = {}
        self.live = False
        self.acked: set[str] = set()
        self.retried: set[str] = set()

    def connect(self) -> None:
        """A new connection: unfinished answers will be sent again from 0."""
        self.live = False
        self.partial.clear()
        self.retried.clear()

    def read(self, frame: f.ServerFrame) -> None:
        """Show one frame."""
        match frame:
            case f.Replay():
                for message in frame.messages:
                    assert message.id not in self.messages or message.id in self.acked
                    self._show(message.seq, message.id, message.text, message.client_message_id)
            case f.Live():
                self.live = True
                assert frame.last_seq >= self.last_seq
            case f.Ack():
                text = self.unacked.pop(frame.client_message_id, None)
                self.acked.add(frame.message_id)
                if frame.message_id not in self.messages:
                    assert text is not None
                    self._show(frame.seq, frame.message_id, text, None)
            case f.OthersMessage():
                assert self.live
                message = frame.message
                assert message.id not in self.messages, "a doubled message"
                self._show(message.seq, message.id, message.text, message.client_message_id)
            case f.DeltaFrame():
                assert frame.message_id not in self.messages, "more of a finished answer"
                before = self.partial.get(frame.message_id, "")
                assert frame.offset == len(before), "a gap or a doubled piece"
                self.partial[frame.message_id] = before + frame.text
            case f.ReplaceFrame():
                assert frame.message_id not in self.messages
                self.partial[frame.message_id] = frame.text
            case f.DoneFrame():
                message = frame.message
                self.partial.pop(message.id, None)
                if message.id not in self.messages:
                    self._show(message.seq, message.id, message.text, None)
                else:
                    assert message.reply_to in self.retried, "a doubled answer"
                assert self.messages[message.id] == message.text
            case _:
                pass

    def _show(self, seq: int, message_id: str, text: str, client_id: str | None) -> None:
        if message_id in self.messages:
            # Only an ack may come before the replay or the hub brings the same message.
            assert self.messages[message_id] == text
            return
        self.unacked.pop(client_id or "", None)
        self.messages[message_id] = text
        self.partial.pop(message_id, None)
        self.order.append(seq)
        while self.last_seq + 1 in self.order:
            self.last_seq += 1


def replay_events(stored: list[StoredMessage]) -> list[Event]:
    """What the hub told when these were stored, with the answers in pieces."""
    events: list[Event] = []
    for message in stored:
        if message.role == "user":
            events.append(Committed(message))
            continue
        for offset in range(0, len(message.text), 3):
            piece = message.text[offset : offset + 3]
            events.append(Delta(message.id, message.reply_to or "", offset, piece))
        events.append(Done(message))
    return events


__all__ = [
    "CID",
    "LIMITS",
    "Replace",
    "Screen",
    "Unfinished",
    "answer",
    "commands",
    "greeted",
    "opened",
    "replay_events",
    "sent",
    "user_message",
]
