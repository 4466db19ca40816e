"""What the compatible ends share: who asks, how a body is read, and a conversation to say it in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from web.conversation.service import ConversationService
from web.errors import (
    BodyTooLarge,
    ConversationGone,
    ConversationNotFound,
    InvalidJson,
    InvalidUtf8,
    MessageConflict,
)
from web.security.api_keys import ApiKeys, Caller
from web.security.limits import RateLimit

#: A client may send its whole history with every message.
MAX_BODY_BYTES = 1_000_000
_MAX_LIVES = 100


@dataclass(frozen=True, slots=True)
class Ends:
    """What a compatible end is built on."""

    service: ConversationService
    keys: ApiKeys
    rate: RateLimit
    max_message_chars: int


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body. Raises BodyTooLarge, InvalidUtf8, InvalidJson."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge(max_bytes=MAX_BODY_BYTES)
    try:
        value = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidUtf8("The body is not valid UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidJson(f"The body cannot be read: {error}.") from error
    if not isinstance(value, dict):
        raise InvalidJson("The body has to be a JSON object.")
    return value


async def ensure_open(service: ConversationService, conversation_id: str, channel: str) -> None:
    """Start the conversation unless it was started before. Raises LogUnavailable."""
    try:
        await service.open(channel, conversation_id)
    except MessageConflict:
        return


async def conversation_of(
    service: ConversationService, caller: Caller, channel: str, sender: str
) -> str:
    """The living conversation of a client's own ``sender`` id, started where there is none.

    An id stays taken when its conversation is deleted: the sender then goes on in another one.
    Raises ConversationGone after a hundred deletions, LogUnavailable.
    """
    for life in range(_MAX_LIVES):
        conversation_id = caller.conversation_of(channel, f"{sender}\0{life}" if life else sender)
        try:
            await service.last_seq(conversation_id)
        except ConversationNotFound:
            await ensure_open(service, conversation_id, channel)
        except ConversationGone:
            continue
        return conversation_id
    raise ConversationGone


def message_id_of(key: str) -> str:
    """A client's own name of a message, of any length and letters, as a ``client_message_id``."""
    return "key-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
