"""The nouns of a conversation: what a visitor says and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["user", "assistant"]
Route = Literal[
    "answer", "compose", "clarify", "chat", "flow", "insight", "handoff", "decline", "error"
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class UserMessage(_Frozen):
    """A message as a channel hands it over.

    ``client_message_id`` is made by the client and unique within the conversation.
    ``selected_entry_id`` is set when a "did you mean" button was pressed. ``context`` is what the
    visitor said before where the log does not have it (a client that keeps its own history):
    it helps to understand this message, and is neither answered nor logged.
    """

    conversation_id: str
    client_message_id: str
    text: str
    channel: str
    lang: Literal["en", "zh"] | None = None
    selected_entry_id: str | None = None
    context: tuple[str, ...] = ()


class EntryShown(_Frozen):
    """An entry as the visitor sees it under an answer."""

    id: str
    revision: int
    question: str
    lang: str
    p: float
    since: datetime | None = None
    asked: int | None = None


class Option(_Frozen):
    """One "did you mean" button."""

    entry_id: str
    label: str


class Provenance(_Frozen):
    """Why an answer is what it is; committed with it.

    ``ranking`` holds for each entry ``p``, as it was routed by, and ``uncorrected``, as retrieval
    gave it; ``none`` is what retrieval gave to "nothing answers", where the ranking is one whole.
    A correction is fitted to these two, so that it never feeds on itself.
    """

    route: Route
    p: float
    reason: str
    lang: str
    degraded: bool = False
    entries: tuple[EntryShown, ...] = ()
    ranking: tuple[dict[str, Any], ...] = ()
    none: float | None = None
    costs_revision: int | None = None
    correction_revision: int | None = None
    models: dict[str, str | None] = Field(default_factory=dict)
    ms: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier message as far as the next answer depends on it."""

    role: Role
    text: str
    options: tuple[Option, ...] = ()


class StoredMessage(_Frozen):
    """A message of either side as the log keeps it."""

    id: str
    conversation_id: str
    seq: int
    role: Role
    text: str
    created_at: datetime
    client_message_id: str | None = None
    reply_to: str | None = None
    options: tuple[Option, ...] = ()
    provenance: Provenance | None = None
    stopped: bool = False
    feedback: Literal["up", "down"] | None = None
