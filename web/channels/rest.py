"""The REST twin of the websocket: the same conversations, one call at a time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, params
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from web.channels import bodies as b
from web.channels.gateway import Gateway, client_ip
from web.channels.problems import responses
from web.conversation.models import UserMessage
from web.errors import (
    AnswerFailed,
    ConversationGone,
    ConversationNotFound,
    EmptyMessage,
    InvalidJson,
    InvalidRequest,
    LogUnavailable,
    MessageConflict,
    MessageNotFound,
    MessageTooLong,
    NotReady,
    OptionNotOffered,
    OriginRefused,
    RateLimited,
    TextNotAllowed,
    TokenExpired,
    TokenMismatch,
    Unauthorized,
)
from web.security.text import clean_note

CHANNEL = "rest"
_MAX_SEQ = 2**31 - 1

ConversationId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
MessageIdPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_bearer = HTTPBearer(auto_error=False, description="The token of this conversation.")

_ALWAYS = (OriginRefused, LogUnavailable, InvalidJson, InvalidRequest)
_WITH_TOKEN = (*_ALWAYS, Unauthorized, TokenExpired, TokenMismatch)
_IN_CONVERSATION = (*_WITH_TOKEN, ConversationNotFound, ConversationGone)


def rest_router(gateway: Gateway) -> APIRouter:
    """The routes under ``/v1/conversations``."""

    # Both are coroutines: the framework would run plain functions in a thread each.
    async def origin(request: Request) -> None:
        gateway.check_origin(request)

    async def token(
        conversation_id: ConversationId,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> None:
        if credentials is None:
            raise Unauthorized
        gateway.tokens.check(credentials.credentials, conversation_id)

    router = APIRouter(
        prefix="/v1/conversations",
        tags=["conversations"],
        dependencies=[Depends(origin)],
    )
    with_token = [Depends(token)]
    _opening(router, gateway)
    _talking(router, gateway, with_token)
    _record(router, gateway, with_token)
    _aftercare(router, gateway, with_token)
    return router


def _opening(router: APIRouter, gateway: Gateway) -> None:
    service, tokens = gateway.service, gateway.tokens

    @router.post("", status_code=201, responses=responses(*_ALWAYS, RateLimited))
    async def open_conversation(request: Request) -> b.ConversationOpened:
        """Start a conversation."""
        gateway.take_address(client_ip(request))
        conversation_id, resume_key = await service.open(CHANNEL)
        token, expires_at = tokens.issue(conversation_id)
        return b.ConversationOpened(
            conversation_id=conversation_id,
            token=token,
            expires_at=expires_at,
            resume_key=resume_key,
        )

    @router.post(
        "/{conversation_id}/token",
        responses=responses(
            *_ALWAYS, Unauthorized, ConversationNotFound, ConversationGone, RateLimited
        ),
    )
    async def fresh_token(
        conversation_id: ConversationId, body: b.TokenRequest, request: Request
    ) -> b.TokenIssued:
        """Fetch a fresh token with the conversation's resume key."""
        gateway.take_address(client_ip(request))
        if not await service.opens(conversation_id, body.resume_key):
            raise Unauthorized("The resume key does not belong to this conversation.")
        token, expires_at = tokens.issue(conversation_id)
        return b.TokenIssued(token=token, expires_at=expires_at)


def _talking(router: APIRouter, gateway: Gateway, with_token: list[params.Depends]) -> None:
    service = gateway.service

    @router.post(
        "/{conversation_id}/messages",
        dependencies=with_token,
        responses=responses(
            *_IN_CONVERSATION,
            EmptyMessage,
            MessageTooLong,
            TextNotAllowed,
            MessageConflict,
            OptionNotOffered,
            RateLimited,
            NotReady,
            AnswerFailed,
        ),
    )
    async def send_message(
        conversation_id: ConversationId, body: b.MessageRequest, request: Request
    ) -> b.Exchange:
        """Send a message and wait for its answer."""
        gateway.take_message(conversation_id, client_ip(request))
        if body.selected_entry_id is not None:
            await service.check_offered(conversation_id, body.selected_entry_id)
        user, reply = await service.ask(
            UserMessage(
                conversation_id=conversation_id,
                client_message_id=body.client_message_id,
                text=body.text,
                channel=CHANNEL,
                lang=body.lang,
                selected_entry_id=body.selected_entry_id,
            )
        )
        return b.Exchange(user=user, reply=reply)


def _record(router: APIRouter, gateway: Gateway, with_token: list[params.Depends]) -> None:
    service = gateway.service

    @router.get(
        "/{conversation_id}/messages",
        dependencies=with_token,
        responses=responses(*_IN_CONVERSATION),
    )
    async def history(
        conversation_id: ConversationId,
        after_seq: Annotated[int, Query(ge=0, le=_MAX_SEQ)] = 0,
        limit: Annotated[int, Query(ge=1, le=200)] = 100,
    ) -> b.HistoryPage:
        """Read the messages after ``after_seq``."""
        page = await service.page(conversation_id, after_seq, limit)
        return b.HistoryPage(messages=page.messages, last_seq=page.last_seq)

    @router.delete(
        "/{conversation_id}",
        status_code=204,
        dependencies=with_token,
        responses=responses(*_IN_CONVERSATION),
    )
    async def delete_conversation(conversation_id: ConversationId) -> None:
        """Delete all that was said."""
        await service.delete(conversation_id)


def _aftercare(router: APIRouter, gateway: Gateway, with_token: list[params.Depends]) -> None:
    service = gateway.service

    @router.put(
        "/{conversation_id}/messages/{message_id}/feedback",
        dependencies=with_token,
        responses=responses(*_IN_CONVERSATION, MessageNotFound),
    )
    async def give_feedback(
        conversation_id: ConversationId, message_id: MessageIdPath, body: b.FeedbackRequest
    ) -> b.FeedbackStored:
        """Put a thumb on an answer, or take it back."""
        await service.rate(conversation_id, message_id, body.value)
        return b.FeedbackStored(message_id=message_id, value=body.value)

    @router.post(
        "/{conversation_id}/handoff",
        status_code=201,
        dependencies=with_token,
        responses=responses(*_IN_CONVERSATION, RateLimited, TextNotAllowed),
    )
    async def ask_for_person(
        conversation_id: ConversationId, body: b.HandoffRequest, request: Request
    ) -> b.HandoffTaken:
        """Ask to hear from a person; gives a reference number."""
        gateway.take_message(conversation_id, client_ip(request))
        note = clean_note(body.note)
        reference = await service.request_person(conversation_id, body.email, note)
        return b.HandoffTaken(reference=reference, hours=gateway.settings.support_hours)
