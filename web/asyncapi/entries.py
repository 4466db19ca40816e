"""What the models do not say of a frame: an example of it, and which frames answer it.

A frame without an entry here stops the document from being made. The examples are one
conversation: a visitor asks for a router reset, then presses a "did you mean" button.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from pydantic import BaseModel

from web.conversation import frames as f
from web.conversation.models import EntryShown, Option, Provenance, StoredMessage
from web.errors import EmptyMessage

_CONVERSATION = "c-5nCq0cVxQ2aGm1rW8sTz7A"
_TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"  # noqa: S105 - opens nothing, it is an example
_ANSWER = "Hold the reset button on the back for ten seconds, then wait for a steady white light."


@dataclass(frozen=True, slots=True)
class Entry:
    """An example frame, and the kinds of frames that answer it (client frames only)."""

    example: BaseModel
    answered_by: tuple[type[BaseModel], ...] = ()


_USER = StoredMessage(
    id="m-9sQkT2vXwYzA1bCd",
    conversation_id=_CONVERSATION,
    seq=1,
    role="user",
    text="how do i reset my router",
    created_at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
    client_message_id="b6d7c1f0-1",
)
_REPLY = StoredMessage(
    id="m-3fGhJ4kLmN5pQrSt",
    conversation_id=_CONVERSATION,
    seq=2,
    role="assistant",
    text=_ANSWER,
    created_at=datetime(2026, 1, 5, 9, 30, 1, tzinfo=UTC),
    reply_to=_USER.id,
    provenance=Provenance(
        route="answer",
        p=0.91,
        reason="lowest expected cost 0.09",
        lang="en",
        entries=(
            EntryShown(
                id="router-reset",
                revision=3,
                question="How do I reset my router?",
                lang="en",
                p=0.91,
                since=datetime(2026, 1, 5, tzinfo=UTC),
            ),
        ),
        ranking=({"id": "router-reset", "p": 0.91, "score": 0.8, "uncorrected": 0.91},),
        none=0.05,
        costs_revision=1,
        correction_revision=0,
        models={"encoder": "reader-en@0d5e8a3c1b2f", "generator": None},
        ms={"log": 0.4, "retrieval": 6.1, "bot": 5.0, "responder": 0.1},
    ),
)
_CLARIFY = StoredMessage(
    id="m-6uVwX7yZaB8cDeFg",
    conversation_id=_CONVERSATION,
    seq=4,
    role="assistant",
    text="Did you mean one of these?",
    created_at=datetime(2026, 1, 5, 9, 31, tzinfo=UTC),
    reply_to="m-1hJkL2mNpQ3rStUv",
    options=(
        Option(entry_id="router-reset", label="How do I reset my router?"),
        Option(entry_id="router-restart", label="How do I restart my router?"),
    ),
)
_LIMITS = f.Limits(
    max_message_chars=4000, max_frame_bytes=65536, rate_per_minute=60, heartbeat_s=30.0
)
_TURN = (f.Ack, f.TypingFrame, f.DeltaFrame, f.ReplaceFrame, f.HandoffFrame, f.DoneFrame)

ENTRIES: Mapping[type[BaseModel], Entry] = MappingProxyType(
    {
        f.Hello: Entry(
            f.Hello(protocol=1, conversation_id=_CONVERSATION, token=_TOKEN),
            (f.Welcome, f.ErrorFrame),
        ),
        f.Resume: Entry(f.Resume(last_seq=0), (f.Replay, f.Live, f.ErrorFrame)),
        f.Message: Entry(
            f.Message(client_message_id="b6d7c1f0-1", text=_USER.text),
            (*_TURN, f.ErrorFrame),
        ),
        f.Choice: Entry(
            f.Choice(
                client_message_id="b6d7c1f0-3", message_id=_CLARIFY.id, entry_id="router-reset"
            ),
            (*_TURN, f.ErrorFrame),
        ),
        f.Stop: Entry(f.Stop(message_id=_REPLY.id), (f.DoneFrame, f.ErrorFrame)),
        f.Feedback: Entry(
            f.Feedback(message_id=_REPLY.id, value="up"), (f.FeedbackFrame, f.ErrorFrame)
        ),
        f.Ping: Entry(f.Ping(id=7), (f.Pong,)),
        f.Welcome: Entry(f.Welcome(conversation_id=_CONVERSATION, last_seq=2, limits=_LIMITS)),
        f.Replay: Entry(f.Replay(messages=(_USER, _REPLY))),
        f.Live: Entry(f.Live(last_seq=2)),
        f.Ack: Entry(f.Ack(client_message_id="b6d7c1f0-1", message_id=_USER.id, seq=1)),
        f.OthersMessage: Entry(f.OthersMessage(message=_USER)),
        f.TypingFrame: Entry(f.TypingFrame(on=True)),
        f.DeltaFrame: Entry(
            f.DeltaFrame(message_id=_REPLY.id, reply_to=_USER.id, offset=0, text=_ANSWER)
        ),
        f.ReplaceFrame: Entry(f.ReplaceFrame(message_id=_REPLY.id, text=_ANSWER)),
        f.DoneFrame: Entry(f.DoneFrame(message=_CLARIFY)),
        f.FeedbackFrame: Entry(f.FeedbackFrame(message_id=_REPLY.id, value="up")),
        f.HandoffFrame: Entry(
            f.HandoffFrame(
                message_id=_REPLY.id, hours="Mon-Fri 9:00-18:00", email="support@tidewire.example"
            )
        ),
        f.Pong: Entry(f.Pong(id=7)),
        f.ErrorFrame: Entry(
            f.ErrorFrame(problem=EmptyMessage().problem(), client_message_id="b6d7c1f0-2")
        ),
    }
)
