"""Every problem the product shows, in one catalogue: code, status, title and what to do.

WebError
├── BadRequest              the sender can mend it
│   ├── InvalidJson, InvalidUtf8, InvalidRequest, UnknownFrame, OutOfOrder
│   ├── HelloExpected, UnsupportedProtocol
│   ├── EmptyMessage, MessageTooLong, FrameTooLarge, BodyTooLarge, TextNotAllowed
│   └── NotFound, MethodNotAllowed
├── Refused                 who asks may not
│   ├── Unauthorized, TokenExpired, TokenMismatch, OriginRefused
│   └── RateLimited, TooManyConnections
├── ConversationProblem     about a conversation or its messages
│   ├── ConversationNotFound, ConversationGone, MessageNotFound
│   └── MessageConflict, OptionNotOffered
├── ConnectionProblem       about one websocket
│   └── HeartbeatLost, SlowReader
└── Unavailable             ours to mend
    └── LogUnavailable, NotReady, AnswerFailed, ShuttingDown, InternalError

Each leaf is one row of the catalogue. The same object is the body of a REST answer
(``application/problem+json``, RFC 9457) and rides in the websocket's ``error`` frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

PROBLEM_MEDIA_TYPE = "application/problem+json"


class WebError(Exception):
    """Root of every error of this package.

    ``code`` names the row of the catalogue (empty on inner nodes of the tree), ``close_code``
    is the websocket close code where the connection ends with it, else None. ``extra`` holds
    further members of the problem document, such as ``retry_after_s``.
    """

    code: ClassVar[str] = ""
    status: ClassVar[int] = 500
    title: ClassVar[str] = ""
    remedy: ClassVar[str] = ""
    close_code: ClassVar[int | None] = None

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra

    def problem(self, instance: str | None = None) -> dict[str, Any]:
        """The RFC 9457 document of this error."""
        document: dict[str, Any] = {
            "type": f"/v1/errors/{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "remedy": self.remedy,
        }
        if instance is not None:
            document["instance"] = instance
        return document | self.extra


class BadRequest(WebError):
    """What was sent cannot be taken as it is."""


class Refused(WebError):
    """Understood, but whoever asks may not, or not now."""


class ConversationProblem(WebError):
    """About a conversation or one of its messages."""


class ConnectionProblem(WebError):
    """About one websocket connection."""


class Unavailable(WebError):
    """The fault is ours; trying again later may help."""


class InvalidJson(BadRequest):
    code, status = "invalid-json", 400
    title = "This is not valid JSON"
    remedy = "Send one JSON object, encoded as UTF-8."


class InvalidUtf8(BadRequest):
    code, status = "invalid-utf8", 400
    title = "This is not valid UTF-8"
    remedy = "Encode the text as UTF-8 and send text frames, not binary ones."


class InvalidRequest(BadRequest):
    code, status = "invalid-request", 422
    title = "A field is missing or wrong"
    remedy = "Compare the fields named in 'errors' with the API description at /openapi.json."


class UnknownFrame(BadRequest):
    code, status = "unknown-frame", 400
    title = "There is no frame of this type"
    remedy = "Use one of the types listed at /asyncapi.json."


class OutOfOrder(BadRequest):
    code, status = "out-of-order", 409
    title = "This frame is not expected now"
    remedy = "Send hello, then resume, then messages; send hello and resume once each."


class HelloExpected(BadRequest):
    code, status, close_code = "hello-expected", 400, 4400
    title = "The first frame has to be hello"
    remedy = "Connect again and send hello with your token before anything else."


class UnsupportedProtocol(BadRequest):
    code, status, close_code = "unsupported-protocol", 400, 4406
    title = "This protocol version is not spoken here"
    remedy = "Use protocol version 1; reload the page if the widget is an old one."


class EmptyMessage(BadRequest):
    code, status = "empty-message", 422
    title = "The message is empty"
    remedy = "Write at least one visible character."


class MessageTooLong(BadRequest):
    code, status = "message-too-long", 413
    title = "The message is too long"
    remedy = "Shorten it to the limit given in 'max_chars', or split it."


class FrameTooLarge(BadRequest):
    code, status = "frame-too-large", 413
    title = "The frame is too large"
    remedy = "Keep a frame below 'max_bytes' bytes."


class BodyTooLarge(BadRequest):
    code, status = "body-too-large", 413
    title = "The request body is too large"
    remedy = "Keep the body below the limit given in 'max_bytes'."


class TextNotAllowed(BadRequest):
    code, status = "text-not-allowed", 422
    title = "The text holds a character that cannot be stored"
    remedy = "Remove the NUL character (U+0000) and send it again."


class NotFound(BadRequest):
    code, status = "not-found", 404
    title = "There is nothing at this address"
    remedy = "Check the address against /openapi.json."


class MethodNotAllowed(BadRequest):
    code, status = "method-not-allowed", 405
    title = "This address does not take that method"
    remedy = "Use one of the methods in the Allow header."


class Unauthorized(Refused):
    code, status, close_code = "unauthorized", 401, 4401
    title = "A valid token is needed"
    remedy = "Send 'Authorization: Bearer <token>' with the token of this conversation."


class TokenExpired(Refused):
    code, status, close_code = "token-expired", 401, 4401
    title = "The token has expired"
    remedy = "Fetch a fresh one with the resume key: POST /v1/conversations/{id}/token."


class TokenMismatch(Refused):
    code, status, close_code = "token-mismatch", 403, 4403
    title = "The token belongs to another conversation"
    remedy = "Use the token that was issued for this conversation."


class OriginRefused(Refused):
    code, status, close_code = "origin-refused", 403, 4403
    title = "Pages of this origin may not use the chat"
    remedy = "Add the exact origin (scheme, host and port) to GRAPEVINE_ALLOWED_ORIGINS."


class RateLimited(Refused):
    code, status = "rate-limited", 429
    title = "Too many messages in a short time"
    remedy = "Wait for 'retry_after_s' seconds, then send it again with the same id."


class TooManyConnections(Refused):
    code, status, close_code = "too-many-connections", 429, 4429
    title = "Too many connections are open"
    remedy = "Close other tabs of this chat, or try again in a minute."


class ConversationNotFound(ConversationProblem):
    code, status, close_code = "conversation-not-found", 404, 4404
    title = "There is no such conversation"
    remedy = "Start a new one with POST /v1/conversations."


class ConversationGone(ConversationProblem):
    code, status, close_code = "conversation-gone", 410, 4410
    title = "This conversation was deleted"
    remedy = "Start a new one with POST /v1/conversations."


class MessageNotFound(ConversationProblem):
    code, status = "message-not-found", 404
    title = "There is no such message in this conversation"
    remedy = "Use the id of an answer as it came in 'done' or in the history."


class MessageConflict(ConversationProblem):
    code, status = "message-conflict", 409
    title = "Another message already has this id"
    remedy = "Make a new client_message_id for every new message; reuse one only to retry."


class OptionNotOffered(ConversationProblem):
    code, status = "option-not-offered", 422
    title = "This choice was not offered"
    remedy = "Use an entry_id from the options of the message that you name."


class HeartbeatLost(ConnectionProblem):
    code, status, close_code = "heartbeat-lost", 408, 4408
    title = "Nothing was heard for too long"
    remedy = "Send ping more often than 'heartbeat_s' of welcome; connect again and resume."


class SlowReader(ConnectionProblem):
    code, status, close_code = "slow-reader", 408, 4409
    title = "Frames were not read fast enough"
    remedy = "Connect again and resume from the last seq; nothing is lost."


class LogUnavailable(Unavailable):
    code, status = "log-unavailable", 503
    title = "The conversation log cannot be reached"
    remedy = "Try again with the same client_message_id; operators: run 'grapevine doctor'."


class NotReady(Unavailable):
    code, status = "not-ready", 503
    title = "The service is still starting"
    remedy = (
        "Try again in a few seconds; /readyz, asked on the machine itself, says what is missing."
    )


class AnswerFailed(Unavailable):
    code, status = "answer-failed", 503
    title = "The answer could not be finished"
    remedy = "Send the message again with the same client_message_id; it is not asked twice."


class ShuttingDown(Unavailable):
    code, status, close_code = "shutting-down", 503, 1012
    title = "The service is restarting"
    remedy = "Connect again in a few seconds and resume."


class InternalError(Unavailable):
    code, status = "internal-error", 500
    title = "Something went wrong here"
    remedy = "Try again; if it happens again, report the time and the address to the operator."


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the catalogue."""

    code: str
    status: int
    title: str
    remedy: str
    close_code: int | None


def catalogue() -> tuple[Row, ...]:
    """All problems, sorted by code."""
    rows = {
        kind.code: Row(kind.code, kind.status, kind.title, kind.remedy, kind.close_code)
        for kind in _leaves(WebError)
        if kind.code
    }
    return tuple(rows[code] for code in sorted(rows))


def _leaves(kind: type[WebError]) -> Iterator[type[WebError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _leaves(child)
