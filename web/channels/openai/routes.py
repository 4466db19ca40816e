"""``/v1/chat/completions`` and ``/v1/models``.

A stream is written from the committed answer: sentences that were taken back before (a composed
reply whose gate failed) never reach the wire, and the pieces put together are what the log has.
Until then a comment line keeps the connection alive.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute

from web.channels.clients import Ends, ensure_open, message_id_of, read_object
from web.channels.openai import replies
from web.channels.openai.errors import error_body, error_response
from web.channels.openai.requests import Question, read_question
from web.conversation.events import Committed, Done, Event
from web.conversation.models import StoredMessage, UserMessage
from web.errors import AnswerFailed, InternalError, InvalidRequest, NotFound, WebError

logger = logging.getLogger(__name__)

CHANNEL = "openai"
CONVERSATION_HEADER = "X-Conversation-Id"
#: Proxies commonly give up on a connection that is silent for 30 s and more.
KEEP_ALIVE_S = 10.0
_RETRY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
#: When the product came to be, for clients that sort models by it.
_CREATED = 1767225600


class _OpenAiRoute(APIRoute):
    """Says every error in OpenAI's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except WebError as error:
                return error_response(error)
            except Exception:
                logger.exception("a chat completions request failed")
                return error_response(InternalError())

        return guarded


def openai_router(ends: Ends, keep_alive_s: float = KEEP_ALIVE_S) -> APIRouter:
    """The routes; ``keep_alive_s`` is the longest silence of a stream in seconds."""
    router = APIRouter(prefix="/v1", route_class=_OpenAiRoute, include_in_schema=False)

    @router.get("/models")
    async def models(request: Request) -> Response:
        ends.keys.caller(request)
        return JSONResponse({"object": "list", "data": [replies.model_card(_CREATED)]})

    @router.get("/models/{model}")
    async def model(request: Request, model: str) -> Response:
        ends.keys.caller(request)
        if model != replies.MODEL:
            raise NotFound(
                f"There is no model {model[:100]!r} here.",
                remedy="GET /v1/models lists what there is.",
            )
        return JSONResponse(replies.model_card(_CREATED))

    @router.post("/chat/completions")
    async def chat_completions(request: Request) -> Response:
        question, message = await _asked(ends, request)
        events = cast("AsyncGenerator[Event, None]", ends.service.handle(message))
        # Whatever is wrong with the message is known before it is committed, and so in time for
        # the status line.
        committed = await anext(events)
        if not isinstance(committed, Committed):
            raise AnswerFailed
        user = committed.message
        headers = {CONVERSATION_HEADER: user.conversation_id}
        if question.stream:
            lines = _stream(question, user, events, keep_alive_s)
            more = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
            return StreamingResponse(lines, media_type="text/event-stream", headers=headers | more)
        try:
            reply = await _reply(events)
        except WebError as error:
            return error_response(error, headers)
        return JSONResponse(replies.completion(question, user, reply), headers=headers)

    return router


async def _asked(ends: Ends, request: Request) -> tuple[Question, UserMessage]:
    """The question, and the message it makes in a conversation of the caller's."""
    caller = ends.keys.caller(request)
    question = read_question(await read_object(request), ends.max_message_chars)
    retry_key = request.headers.get("idempotency-key")
    if retry_key is not None and not _RETRY_KEY.fullmatch(retry_key):
        raise InvalidRequest(
            "Idempotency-Key has to be 1 to 255 visible ASCII characters.",
            errors=[{"field": "Idempotency-Key", "message": "not a valid key"}],
        )
    given = request.headers.get(CONVERSATION_HEADER)
    if given is not None:
        conversation_id = caller.check_conversation(given)
        ends.rate.take(conversation_id)
    else:
        ends.rate.take(f"{caller.name} {question.user}")
        conversation_id = caller.new_conversation(retry_key)
        await ensure_open(ends.service, conversation_id, CHANNEL)
    message = UserMessage(
        conversation_id=conversation_id,
        client_message_id=message_id_of(retry_key) if retry_key else secrets.token_urlsafe(16),
        text=question.text,
        channel=CHANNEL,
        # A conversation of ours has its own history.
        context=question.context if given is None else (),
    )
    return question, message


async def _reply(events: AsyncIterator[Event]) -> StoredMessage:
    async for event in events:
        if isinstance(event, Done):
            return event.message
    raise AnswerFailed


async def _stream(
    question: Question,
    user: StoredMessage,
    events: AsyncGenerator[Event, None],
    keep_alive_s: float,
) -> AsyncIterator[str]:
    waiting = asyncio.ensure_future(_reply(events))
    try:
        yield _line(replies.first_chunk(question, user))
        while not (await asyncio.wait({waiting}, timeout=keep_alive_s))[0]:
            yield ": still writing\n\n"
        for chunk in replies.chunks(question, user, waiting.result()):
            yield _line(chunk)
        yield "data: [DONE]\n\n"
    except WebError as error:
        yield _line(error_body(error))
    finally:
        # The client may be gone; the answer is written and logged all the same.
        waiting.cancel()
        await asyncio.wait({waiting})
        await events.aclose()


def _line(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
