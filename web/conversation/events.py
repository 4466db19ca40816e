"""What happens in a conversation, as every channel hears it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from web.conversation.models import StoredMessage
from web.errors import WebError


@dataclass(frozen=True, slots=True)
class Committed:
    """A visitor's message is in the log."""

    message: StoredMessage


@dataclass(frozen=True, slots=True)
class Typing:
    """An answer is being made, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class Delta:
    """More of an answer; ``offset`` in Unicode code points."""

    message_id: str
    reply_to: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Forget the text of an answer so far; this stands in its place."""

    message_id: str
    reply_to: str
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """An answer is in the log."""

    message: StoredMessage


@dataclass(frozen=True, slots=True)
class Rated:
    """A thumb was stored, or taken back."""

    message_id: str
    value: Literal["up", "down"] | None


@dataclass(frozen=True, slots=True)
class PersonOffered:
    """The way to a person is offered with this answer."""

    message_id: str
    hours: str
    email: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A message that is in the log could not be answered now; a retry resumes it."""

    reply_to: str
    client_message_id: str
    error: WebError


@dataclass(frozen=True, slots=True)
class Deleted:
    """The visitor deleted the conversation."""


#: What a connection tells its visitor; after Deleted there is none any more.
Told = Committed | Typing | Delta | Replace | Done | Rated | PersonOffered | Failed
Event = Told | Deleted


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An answer that is being written: its text so far."""

    message_id: str
    reply_to: str
    text: str
