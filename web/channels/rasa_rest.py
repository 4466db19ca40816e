"""Rasa's REST channel protocol, so that clients of a Rasa server work unchanged.

``POST /webhooks/rest/webhook`` takes ``{"sender", "message", "metadata"?}`` and answers with a
list of ``{"recipient_id", "text", "buttons"?, "custom"}``; with ``?stream=true`` the same as one
JSON object a line. See ``docs/integrators/rasa-rest.md``.

A text that begins with "/" is a text here: it triggers no intent. What a "did you mean" button
sends back is ``choose:<message id>:<entry id>``; anything of that form which was not offered in
this conversation is taken as a text as well.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any, Literal

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from web.channels.clients import Ends, conversation_of, message_id_of, read_object
from web.conversation.models import StoredMessage, UserMessage
from web.errors import InvalidRequest, MessageNotFound, OptionNotOffered
from web.security.api_keys import Caller

CHANNEL = "rasa-rest"
#: Rasa's name for a sender that did not give one.
DEFAULT_SENDER = "default"
_CHOICE = re.compile(r"choose:([A-Za-z0-9_-]{1,64}):([^\x00-\x1f\x7f]{1,200})")


class _Metadata(BaseModel):
    model_config = ConfigDict(extra="ignore")

    message_id: str | None = Field(default=None, min_length=1, max_length=1000)
    lang: Literal["en", "zh"] | None = None


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    sender: str | None = Field(default=None, min_length=1, max_length=1000)
    message: str
    metadata: _Metadata | None = None


def rasa_rest_router(ends: Ends) -> APIRouter:
    """The two routes of Rasa's REST channel."""
    router = APIRouter(prefix="/webhooks/rest", include_in_schema=False)

    @router.get("/")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.post("/webhook")
    async def receive(request: Request) -> Response:
        caller = ends.keys.caller(request)
        body = _read(await read_object(request))
        conversation_id = await _conversation(ends, caller, body.sender)
        ends.rate.take(conversation_id if body.sender else caller.name)
        messages = [_render(await _answer(ends, conversation_id, body), body.sender)]
        if request.query_params.get("stream", "").lower() != "true":
            return Response(orjson.dumps(messages), media_type="application/json")
        # One answer, once it is committed: what was streamed could not be taken back.
        lines = "".join(json.dumps(message) + "\n" for message in messages)
        return Response(lines, media_type="text/event-stream")

    return router


def choice_payload(message_id: str, entry_id: str) -> str:
    """What a button sends back."""
    return f"choose:{message_id}:{entry_id}"


def _read(value: dict[str, Any]) -> _Body:
    try:
        return _Body.model_validate(value)
    except ValidationError as error:
        errors = [
            {"field": ".".join(map(str, item["loc"])), "message": item["msg"]}
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise InvalidRequest(
            f"{errors[0]['field']}: {errors[0]['message']}.",
            errors=errors,
            remedy='Send {"sender": "<who>", "message": "<text>"}.',
        ) from error


async def _conversation(ends: Ends, caller: Caller, sender: str | None) -> str:
    if sender is not None:
        return await conversation_of(ends.service, caller, CHANNEL, sender)
    # Rasa would put all who do not name themselves into one conversation.
    conversation_id, _ = await ends.service.open(CHANNEL, caller.new_conversation())
    return conversation_id


async def _answer(ends: Ends, conversation_id: str, body: _Body) -> StoredMessage:
    metadata = body.metadata or _Metadata()
    given = metadata.message_id
    message = UserMessage(
        conversation_id=conversation_id,
        client_message_id=message_id_of(given) if given else secrets.token_urlsafe(16),
        text=body.message,
        channel=CHANNEL,
        lang=metadata.lang,
    )
    chosen = await _chosen(ends, message)
    return (await ends.service.ask(chosen or message))[1]


async def _chosen(ends: Ends, message: UserMessage) -> UserMessage | None:
    """The message as the pressed button that it stands for, submitted; None where it is a text."""
    choice = _CHOICE.fullmatch(message.text.strip())
    if choice is None:
        return None
    message_id, entry_id = choice.groups()
    try:
        accepted = await ends.service.choose(
            message.conversation_id, message.client_message_id, message_id, entry_id, CHANNEL
        )
    except (MessageNotFound, OptionNotOffered):
        return None
    pressed = {"text": accepted.message.text, "selected_entry_id": entry_id, "lang": None}
    return message.model_copy(update=pressed)


def _render(reply: StoredMessage, sender: str | None) -> dict[str, Any]:
    rendered: dict[str, Any] = {"recipient_id": sender or DEFAULT_SENDER, "text": reply.text}
    if reply.options:
        rendered["buttons"] = [
            {"title": option.label, "payload": choice_payload(reply.id, option.entry_id)}
            for option in reply.options
        ]
    provenance = reply.provenance.model_dump(mode="json") if reply.provenance else None
    rendered["custom"] = {"grapevine": {"message_id": reply.id, "provenance": provenance}}
    return rendered
