"""The frames of the websocket protocol, version 1, and how one is read.

The models are the single source: frames are checked against them, and the AsyncAPI document is
made from them. What each field means stands in ``docs/integrators/websocket.md``.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from web.conversation.models import StoredMessage
from web.errors import FrameTooLarge, InvalidJson, InvalidRequest, InvalidUtf8, UnknownFrame

PROTOCOL = 1
_MAX_SEQ = 2**31 - 1

ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:~-]{1,128}$")]
EntryId = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Lang = Literal["en", "zh"]
Thumb = Literal["up", "down"]


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Hello(_Frame):
    """First frame: which conversation, and the token that opens it."""

    type: Literal["hello"] = "hello"
    protocol: int
    conversation_id: MessageId
    token: Annotated[str, Field(max_length=4096)]


class Resume(_Frame):
    """Asks for all messages after ``last_seq`` (0: all), then for everything new."""

    type: Literal["resume"] = "resume"
    last_seq: Annotated[int, Field(ge=0, le=_MAX_SEQ)]


class Message(_Frame):
    """A message of the visitor; the same id again is a retry."""

    type: Literal["message"] = "message"
    client_message_id: ClientId
    text: str
    lang: Lang | None = None


class Choice(_Frame):
    """A pressed "did you mean" button of the answer ``message_id``."""

    type: Literal["choice"] = "choice"
    client_message_id: ClientId
    message_id: MessageId
    entry_id: EntryId


class Stop(_Frame):
    """Stop writing this answer, named by its own id or by the message that it answers."""

    type: Literal["stop"] = "stop"
    message_id: MessageId


class Feedback(_Frame):
    """A thumb on an answer; null takes it back."""

    type: Literal["feedback"] = "feedback"
    message_id: MessageId
    value: Thumb | None


class Ping(_Frame):
    """Says that the visitor is still there."""

    type: Literal["ping"] = "ping"
    id: Annotated[str, Field(max_length=128)] | int | None = None


ClientFrame = Hello | Resume | Message | Choice | Stop | Feedback | Ping


class Limits(_Frame):
    """What a client should keep to."""

    max_message_chars: int
    max_frame_bytes: int
    rate_per_minute: int
    heartbeat_s: float


class Welcome(_Frame):
    """The token was good; resume may follow."""

    type: Literal["welcome"] = "welcome"
    protocol: int = PROTOCOL
    conversation_id: str
    last_seq: int
    limits: Limits


class Replay(_Frame):
    """Stored messages in ascending ``seq``."""

    type: Literal["replay"] = "replay"
    messages: tuple[StoredMessage, ...]


class Live(_Frame):
    """Replay is over; what follows is new."""

    type: Literal["live"] = "live"
    last_seq: int


class Ack(_Frame):
    """The message is in the log."""

    type: Literal["ack"] = "ack"
    client_message_id: str
    message_id: str
    seq: int


class OthersMessage(_Frame):
    """A message of the visitor that came from another tab or channel."""

    type: Literal["message"] = "message"
    message: StoredMessage


class TypingFrame(_Frame):
    """An answer is being made, or no longer."""

    type: Literal["typing"] = "typing"
    on: bool


class DeltaFrame(_Frame):
    """More of an answer; ``offset`` in Unicode code points of the text so far."""

    type: Literal["delta"] = "delta"
    message_id: str
    reply_to: str
    offset: int
    text: str


class ReplaceFrame(_Frame):
    """Forget the text of the answer so far; this stands in its place."""

    type: Literal["replace"] = "replace"
    message_id: str
    text: str


class DoneFrame(_Frame):
    """The answer as committed, with options and provenance."""

    type: Literal["done"] = "done"
    message: StoredMessage


class FeedbackFrame(_Frame):
    """A thumb was stored, or taken back."""

    type: Literal["feedback"] = "feedback"
    message_id: str
    value: Thumb | None


class HandoffFrame(_Frame):
    """The way to a person: when somebody is there, and where to write to."""

    type: Literal["handoff"] = "handoff"
    message_id: str
    hours: str
    email: str


class Pong(_Frame):
    """Answers ping."""

    type: Literal["pong"] = "pong"
    id: str | int | None = None


class ErrorFrame(_Frame):
    """An RFC 9457 problem; the connection stays open unless its code says otherwise."""

    type: Literal["error"] = "error"
    problem: dict[str, Any]
    client_message_id: str | None = None


ServerFrame = (
    Welcome
    | Replay
    | Live
    | Ack
    | OthersMessage
    | TypingFrame
    | DeltaFrame
    | ReplaceFrame
    | DoneFrame
    | FeedbackFrame
    | HandoffFrame
    | Pong
    | ErrorFrame
)

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_READER: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])


def read_frame(raw: str | bytes, max_bytes: int) -> ClientFrame:
    """The frame that ``raw`` holds.

    Raises FrameTooLarge, InvalidUtf8, InvalidJson, UnknownFrame, InvalidRequest.
    """
    try:
        data = raw.encode("utf-8") if isinstance(raw, str) else raw
        if len(data) > max_bytes:
            raise FrameTooLarge(
                f"The frame has {len(data)} bytes; at most {max_bytes} are taken.",
                max_bytes=max_bytes,
            )
        data.decode("utf-8")
    except UnicodeError as error:
        raise InvalidUtf8 from error
    try:
        return _READER.validate_json(_whole_characters(data))
    except ValidationError as error:
        raise _explain(error) from error


def _whole_characters(data: bytes) -> bytes:
    """``data`` with U+FFFD for halves of characters, as browsers send of an emoji cut in two."""
    if not _SURROGATE.search(data):
        return data
    try:
        text = json.dumps(json.loads(data), ensure_ascii=False)
    except (ValueError, RecursionError):
        return data  # the reader says what is wrong
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _explain(error: ValidationError) -> InvalidJson | UnknownFrame | InvalidRequest:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    kind = found[0]["type"]
    if kind == "json_invalid":
        return InvalidJson(f"The frame cannot be read: {found[0]['msg']}.")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return UnknownFrame("The frame's 'type' is missing or not one that is known here.")
    if len(found[0]["loc"]) == 0:
        return InvalidJson("The frame has to be a JSON object.")
    errors = [
        {"field": ".".join(map(str, item["loc"][1:])), "message": item["msg"]} for item in found
    ]
    return InvalidRequest(f"{errors[0]['field']}: {errors[0]['message']}.", errors=errors)
