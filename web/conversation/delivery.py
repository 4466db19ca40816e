"""What one connection has been sent, so that nothing is lost, doubled or out of order.

Events reach a connection from the hub, stored messages from the log. The log's ``seq`` decides:
an event with the next ``seq`` is passed on, an older one is dropped, and one that leaves a gap
is held back until the log has been read. Pure: no input or output, no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from web.conversation import frames as f
from web.conversation.events import (
    Committed,
    Delta,
    Done,
    Failed,
    PersonOffered,
    Rated,
    Replace,
    Told,
    Typing,
    Unfinished,
)
from web.conversation.models import StoredMessage

Frames = list[f.ServerFrame]


class Delivery:
    """The order of frames to one connection.

    Each method returns the frames to send. ``read_after`` is then the ``seq`` after which the
    log has to be read next, or None; the page that was read goes to :meth:`page`.
    """

    def __init__(self) -> None:
        self.read_after: int | None = None
        self._sent = 0
        self._is_live = False
        self._waiting: deque[Told] = deque()
        self._own: set[str] = set()
        # Acks that overtook earlier messages: the client has these already.
        self._ahead: set[int] = set()
        self._written: dict[str, int] = {}
        self._finished: deque[str] = deque(maxlen=256)
        self._unfinished: Sequence[Unfinished] = ()
        self._typing = False

    def start(self, last_seq: int) -> None:
        """Begin with a client that has everything up to ``last_seq``."""
        self._sent = self.read_after = last_seq

    def snapshot(self, unfinished: Iterable[Unfinished], typing: bool) -> None:
        """Take what was under way at the moment from which on events are heard."""
        self._unfinished = tuple(unfinished)
        if typing:
            self._waiting.append(Typing(True))

    def expect(self, client_message_id: str) -> None:
        """This connection sends a message: its commit is an ack, not another's message."""
        self._own.add(client_message_id)

    def give_up(self, client_message_id: str | None) -> None:
        """The message was refused; no ack will come."""
        self._own.discard(client_message_id or "")

    def accepted(self, message: StoredMessage, answer: StoredMessage | None) -> Frames:
        """The log has the connection's message; ``answer`` where a retry found one."""
        frames = self._ack(message)
        if answer is not None and answer.seq <= self._sent:
            frames.append(f.DoneFrame(message=answer))
        return frames

    def page(self, messages: Sequence[StoredMessage], last_seq: int) -> Frames:
        """Take a page of the log, read after ``read_after``."""
        after, self.read_after = self.read_after, None
        if not self._is_live:
            # A client may know more than a log that was restored from a backup.
            self._sent = min(self._sent, last_seq)
        fresh = tuple(m for m in messages if m.seq > self._sent)
        frames: Frames = []
        if fresh:
            unknown = tuple(m for m in fresh if m.seq not in self._ahead)
            if unknown:
                frames.append(f.Replay(messages=unknown))
            self._advance(fresh[-1].seq)
            for message in fresh:
                if message.role == "assistant":
                    self._finish(message.id)
                elif message.client_message_id in self._own:
                    frames += self._ack(message)
            if self._sent < last_seq:
                self.read_after = self._sent
                return frames
        if not self._is_live:
            self._is_live = True
            frames.append(f.Live(last_seq=self._sent))
            for answer in self._unfinished:
                frames += self._delta(Delta(answer.message_id, answer.reply_to, 0, answer.text))
        return frames + self._drain(nothing_new_after=None if fresh else after)

    def event(self, event: Told) -> Frames:
        """Take an event of the conversation."""
        self._waiting.append(event)
        if self.read_after is not None or not self._is_live:
            return []
        return self._drain(nothing_new_after=None)

    def _drain(self, nothing_new_after: int | None) -> Frames:
        frames: Frames = []
        while self._waiting:
            event = self._waiting[0]
            if isinstance(event, Committed | Done):
                seq = event.message.seq
                if seq > self._sent + 1 and nothing_new_after != self._sent:
                    self.read_after = self._sent
                    break
            self._waiting.popleft()
            frames += self._deliver(event)
        return frames

    def _deliver(self, event: Told) -> Frames:
        match event:
            case Committed(message):
                return self._committed(message)
            case Done(message):
                return self._done(message)
            case Delta():
                return self._delta(event)
            case Replace(message_id, _, text):
                if message_id in self._finished:
                    return []
                self._written[message_id] = len(text)
                return [f.ReplaceFrame(message_id=message_id, text=text)]
            case Typing(on):
                changed, self._typing = on != self._typing, on
                return [f.TypingFrame(on=on)] if changed else []
            case Rated(message_id, value):
                return [f.FeedbackFrame(message_id=message_id, value=value)]
            case PersonOffered(message_id, hours, email):
                return [f.HandoffFrame(message_id=message_id, hours=hours, email=email)]
            case Failed(_, client_message_id, error):
                return [f.ErrorFrame(problem=error.problem(), client_message_id=client_message_id)]

    def _committed(self, message: StoredMessage) -> Frames:
        if message.client_message_id in self._own:
            return self._ack(message)
        if message.seq <= self._sent:
            return []
        known = message.seq in self._ahead
        self._advance(message.seq)
        return [] if known else [f.OthersMessage(message=message)]

    def _done(self, message: StoredMessage) -> Frames:
        if message.seq <= self._sent:
            return []
        self._advance(message.seq)
        self._finish(message.id)
        return [f.DoneFrame(message=message)]

    def _ack(self, message: StoredMessage) -> Frames:
        client_id = message.client_message_id or ""
        if client_id not in self._own:
            return []
        self._own.discard(client_id)
        if self._is_live and message.seq == self._sent + 1:
            self._advance(message.seq)
        elif message.seq > self._sent:
            self._ahead.add(message.seq)
        return [f.Ack(client_message_id=client_id, message_id=message.id, seq=message.seq)]

    def _advance(self, seq: int) -> None:
        """The client has everything up to ``seq`` now."""
        self._sent = seq
        self._ahead = {ahead for ahead in self._ahead if ahead > seq}

    def _delta(self, delta: Delta) -> Frames:
        """Only what continues the text that was sent; ``done`` brings the whole in any case."""
        if delta.message_id in self._finished:
            return []
        written = self._written.get(delta.message_id, 0)
        end = delta.offset + len(delta.text)
        if delta.offset > written or end <= written:
            return []
        self._written[delta.message_id] = end
        text = delta.text[written - delta.offset :]
        return [
            f.DeltaFrame(
                message_id=delta.message_id, reply_to=delta.reply_to, offset=written, text=text
            )
        ]

    def _finish(self, message_id: str) -> None:
        self._written.pop(message_id, None)
        self._finished.append(message_id)
