"""One websocket as a pure state machine: events in, frames and commands out.

No input or output and no clock in here: the shell (``web/channels/websocket.py``) carries out
the commands, passes the time in, and sends the frames. Protocol violations end the connection
with a close code; everything else that is wrong is said in an error frame, and the connection
lives on.

    new ──hello──► authenticating ──► greeted ──resume──► open ──► closed
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from web.conversation import frames as f
from web.conversation.delivery import Delivery, Frames
from web.conversation.events import Deleted, Event, Unfinished
from web.conversation.models import StoredMessage
from web.errors import (
    ConversationGone,
    HeartbeatLost,
    HelloExpected,
    OutOfOrder,
    UnsupportedProtocol,
    WebError,
)

_MAX_DEFERRED = 16
_VIOLATION, _TRY_LATER = 4400, 1013


@dataclass(frozen=True, slots=True)
class Send:
    """Send this frame."""

    frame: f.ServerFrame


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection once everything before has been sent."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Check the token; tell ``authenticated`` or ``refused``."""

    conversation_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Hear the conversation from now on; tell ``subscribed`` with what is under way."""


@dataclass(frozen=True, slots=True)
class ReadLog:
    """Read a page of the log; tell ``page``."""

    after_seq: int


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand the message to the conversation; tell ``accepted`` or ``failed``."""

    frame: f.Message


@dataclass(frozen=True, slots=True)
class Choose:
    """Hand the pressed button to the conversation; tell ``accepted`` or ``failed``."""

    frame: f.Choice


@dataclass(frozen=True, slots=True)
class StopWriting:
    """Stop an answer; tell ``failed`` where that goes wrong."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Rate:
    """Store a thumb; tell ``failed`` where that goes wrong."""

    frame: f.Feedback


Command = Authenticate | Subscribe | ReadLog | Submit | Choose | StopWriting | Rate
Output = Send | Close | Command


class Phase(Enum):
    """How far a connection has come."""

    NEW = "new"
    AUTHENTICATING = "authenticating"
    GREETED = "greeted"
    OPEN = "open"
    CLOSED = "closed"


class Session:
    """One connection.

    ``now`` is any clock that only grows, in seconds. ``hello_timeout_s`` bounds the time until
    the hello; ``heartbeat_timeout_s`` the silence of the client afterwards.
    """

    def __init__(
        self,
        limits: f.Limits,
        now: float,
        *,
        hello_timeout_s: float = 10.0,
        heartbeat_timeout_s: float = 90.0,
    ) -> None:
        self.phase = Phase.NEW
        self._limits = limits
        self._opened = self._heard = now
        self._hello_timeout_s = hello_timeout_s
        self._heartbeat_timeout_s = heartbeat_timeout_s
        self._conversation_id = ""
        self._deferred: deque[f.ClientFrame] = deque()
        self._delivery = Delivery()
        self._read_again = False

    def receive(self, frame: f.ClientFrame | WebError, now: float) -> list[Output]:
        """A frame came, or one that cannot be read (as the error that says why)."""
        self._heard = now
        if self.phase is Phase.CLOSED:
            return []
        if isinstance(frame, WebError):
            return self.failed(frame)
        if isinstance(frame, f.Ping):
            return [Send(f.Pong(id=frame.id))]
        if self.phase is Phase.NEW:
            return self._hello(frame)
        if self.phase is Phase.AUTHENTICATING and len(self._deferred) < _MAX_DEFERRED:
            self._deferred.append(frame)
            return []
        if self.phase is Phase.GREETED and isinstance(frame, f.Resume):
            self.phase = Phase.OPEN
            self._delivery.start(frame.last_seq)
            return [Subscribe(), ReadLog(frame.last_seq)]
        if self.phase is Phase.OPEN:
            return self._open(frame)
        return self._out_of_order(frame)

    def authenticated(self, last_seq: int) -> list[Output]:
        """The token was good; the conversation has messages up to ``last_seq``."""
        if self.phase is not Phase.AUTHENTICATING:
            return []
        self.phase = Phase.GREETED
        outputs: list[Output] = [
            Send(
                f.Welcome(
                    conversation_id=self._conversation_id, last_seq=last_seq, limits=self._limits
                )
            )
        ]
        while self._deferred:
            outputs += self.receive(self._deferred.popleft(), self._heard)
        return outputs

    def refused(self, error: WebError) -> list[Output]:
        """The hello was refused: say why and close."""
        return self._end(error)

    def subscribed(self, unfinished: Iterable[Unfinished], typing: bool) -> list[Output]:
        """Events are heard from this moment on; this is what was under way."""
        self._delivery.snapshot(unfinished, typing)
        return []

    def page(self, messages: Sequence[StoredMessage], last_seq: int) -> list[Output]:
        """A page of the log, as asked for by ReadLog."""
        return self._deliver(self._delivery.page(messages, last_seq))

    def unread(self, error: WebError) -> list[Output]:
        """The log could not be read: say so, and ask for the page again at the next tick."""
        self._read_again = True
        return self.failed(error)

    def heard(self, event: Event) -> list[Output]:
        """Something happened in the conversation."""
        if isinstance(event, Deleted):
            return self._end(ConversationGone())
        was_reading = self._delivery.read_after is not None
        frames = self._delivery.event(event)
        return self._deliver(frames, read=not was_reading)

    def accepted(self, message: StoredMessage, answer: StoredMessage | None = None) -> list[Output]:
        """The log has a message of this connection, and perhaps its answer from before."""
        return self._deliver(self._delivery.accepted(message, answer), read=False)

    def failed(self, error: WebError, client_message_id: str | None = None) -> list[Output]:
        """Something that this connection asked for went wrong."""
        if self.phase is Phase.CLOSED:
            return []
        self._delivery.give_up(client_message_id)
        if error.close_code is not None:
            return self._end(error, client_message_id)
        return [Send(_error(error, client_message_id))]

    def tick(self, now: float) -> list[Output]:
        """Time has passed: give up on silent connections."""
        if self.phase is Phase.CLOSED:
            return []
        if self.phase is Phase.NEW and now - self._opened > self._hello_timeout_s:
            return self._end(HelloExpected(f"No hello within {self._hello_timeout_s:g} s."))
        if now - self._heard > self._heartbeat_timeout_s:
            return self._end(
                HeartbeatLost(f"Nothing was heard for {self._heartbeat_timeout_s:g} s.")
            )
        read_again, self._read_again = self._read_again, False
        return self._deliver([], read=read_again)

    def _hello(self, frame: f.ClientFrame) -> list[Output]:
        if not isinstance(frame, f.Hello):
            return self._end(HelloExpected(f"The first frame was {frame.type!r}."))
        if frame.protocol != f.PROTOCOL:
            return self._end(UnsupportedProtocol(f"Version {frame.protocol} was asked for."))
        self.phase = Phase.AUTHENTICATING
        self._conversation_id = frame.conversation_id
        return [Authenticate(frame.conversation_id, frame.token)]

    def _open(self, frame: f.ClientFrame) -> list[Output]:
        match frame:
            case f.Message():
                self._delivery.expect(frame.client_message_id)
                return [Submit(frame)]
            case f.Choice():
                self._delivery.expect(frame.client_message_id)
                return [Choose(frame)]
            case f.Stop():
                return [StopWriting(frame.message_id)]
            case f.Feedback():
                return [Rate(frame)]
            case _:
                return self._out_of_order(frame)

    def _out_of_order(self, frame: f.ClientFrame) -> list[Output]:
        client_id = frame.client_message_id if isinstance(frame, f.Message | f.Choice) else None
        detail = f"{frame.type!r} is not expected while the connection is {self.phase.value}."
        return self.failed(OutOfOrder(detail), client_id)

    def _deliver(self, frames: Frames, read: bool = True) -> list[Output]:
        if self.phase is Phase.CLOSED:
            return []
        outputs: list[Output] = [Send(frame) for frame in frames]
        after = self._delivery.read_after
        if read and after is not None:
            outputs.append(ReadLog(after))
        return outputs

    def _end(self, error: WebError, client_message_id: str | None = None) -> list[Output]:
        if self.phase is Phase.CLOSED:
            return []
        self.phase = Phase.CLOSED
        code = error.close_code or (_TRY_LATER if error.status >= 500 else _VIOLATION)
        return [Send(_error(error, client_message_id)), Close(code, error.code)]


def _error(error: WebError, client_message_id: str | None) -> f.ErrorFrame:
    return f.ErrorFrame(problem=error.problem(), client_message_id=client_message_id)
