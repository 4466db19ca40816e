"""Bodies of the REST calls, with the examples that OpenAPI shows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from web.conversation.frames import ClientId, EntryId, Lang, Thumb
from web.conversation.models import StoredMessage

Email = Annotated[
    str,
    Field(
        min_length=3,
        max_length=254,
        pattern=r"^[^\s@\x00-\x1f\x7f<>(),;:\\\"\[\]]+@[^\s@\x00-\x1f\x7f<>(),;:\\\"\[\]]+\.[^\s@\x00-\x1f\x7f<>(),;:\\\"\[\]]+$",
        examples=["kim@example.com"],
    ),
]


class ConversationOpened(BaseModel):
    """A new conversation. Keep ``resume_key``: it alone fetches fresh tokens."""

    conversation_id: str
    token: str
    expires_at: datetime
    resume_key: str


class TokenRequest(BaseModel):
    """Asks for a fresh token."""

    resume_key: Annotated[str, Field(min_length=1, max_length=256)]


class TokenIssued(BaseModel):
    """A fresh token."""

    token: str
    expires_at: datetime


class MessageRequest(BaseModel):
    """A message of the visitor; the same ``client_message_id`` again is a retry."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"client_message_id": "5f1c", "text": "How do I reset my router?"}]
        }
    )

    client_message_id: ClientId
    text: str
    lang: Lang | None = None
    selected_entry_id: EntryId | None = None


class Exchange(BaseModel):
    """The message as committed, and its answer."""

    user: StoredMessage
    reply: StoredMessage


class HistoryPage(BaseModel):
    """Messages in ascending ``seq``; ask again after the last one until ``last_seq``."""

    messages: tuple[StoredMessage, ...]
    last_seq: int


class FeedbackRequest(BaseModel):
    """A thumb on an answer; null takes it back."""

    value: Thumb | None


class FeedbackStored(BaseModel):
    """The thumb as stored."""

    message_id: str
    value: Thumb | None


class HandoffRequest(BaseModel):
    """The wish to hear from a person."""

    email: Email
    note: Annotated[str, Field(max_length=4000)] = ""


class HandoffTaken(BaseModel):
    """The request was kept under ``reference``."""

    reference: str
    hours: str


class ConfigLimits(BaseModel):
    """What a client should keep to."""

    max_message_chars: int
    max_frame_bytes: int
    rate_per_minute: int
    heartbeat_s: float


class PublicConfig(BaseModel):
    """What a widget may know."""

    protocol: int
    languages: tuple[str, ...]
    hours: str
    email: str
    limits: ConfigLimits


class ProblemKind(BaseModel):
    """One row of the error catalogue."""

    code: str
    status: int
    title: str
    remedy: str
    close_code: int | None
