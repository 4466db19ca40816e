"""A committed answer in OpenAI's words: one object, or the chunks of a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from web.channels.openai.requests import Question
from web.conversation.models import StoredMessage

#: The one name under which the product answers, whatever model a client asks for.
MODEL = "grapevine"
#: A sentence with the space after it, a line with its end, or what is left.
_PIECE = re.compile(r"\n+|[^\n]*?(?:[.!?](?=\s)|[。！？])[^\S\n]*|[^\n]+")
#: One for a word or number, one for each Han character or kana, one for any other sign.
_UNIT = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u9fff\uf900-\ufaff]+|[^\w\s]"
)


def content(reply: StoredMessage) -> str:
    """The text of an answer; its "did you mean" options as a numbered list below."""
    lines = [f"{i}. {option.label}" for i, option in enumerate(reply.options, 1)]
    return "\n".join([reply.text, *lines])


def completion(question: Question, user: StoredMessage, reply: StoredMessage) -> dict[str, Any]:
    """The ``chat.completion`` object."""
    text = content(reply)
    message = {"role": "assistant", "content": text, "refusal": None}
    return _head("chat.completion", user) | {
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage(question, text),
        "grapevine": _provenance(reply),
    }


def first_chunk(question: Question, user: StoredMessage) -> dict[str, Any]:
    """The chunk that says whose turn it is; the answer is still being made."""
    return _chunk(question, user, {"role": "assistant", "content": ""})


def chunks(
    question: Question, user: StoredMessage, reply: StoredMessage
) -> Iterator[dict[str, Any]]:
    """The chunks after the first: the text piece by piece, the end, and the usage if wanted."""
    text = content(reply)
    for piece in _PIECE.findall(text):
        yield _chunk(question, user, {"content": piece})
    last = _chunk(question, user, {}, finish_reason="stop")
    yield last | {"grapevine": _provenance(reply)}
    if question.include_usage:
        yield _chunk(question, user, {}) | {"choices": [], "usage": usage(question, text)}


def usage(question: Question, answer: str) -> dict[str, int]:
    """Words and signs of both sides: a measure of length, not of any model's tokens."""
    prompt = sum(len(_UNIT.findall(text)) for text in question.sent)
    written = len(_UNIT.findall(answer))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
    }


def model_card(created: int) -> dict[str, Any]:
    """The product as a model; ``created`` in Unix seconds."""
    return {"id": MODEL, "object": "model", "created": created, "owned_by": "grapevine"}


def _head(kind: str, user: StoredMessage) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{user.id.removeprefix('m-')}",
        "object": kind,
        "created": int(user.created_at.timestamp()),
        "model": MODEL,
        "system_fingerprint": None,
    }


def _chunk(
    question: Question,
    user: StoredMessage,
    delta: dict[str, Any],
    finish_reason: str | None = None,
) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    chunk = _head("chat.completion.chunk", user) | {"choices": [choice]}
    return chunk | {"usage": None} if question.include_usage else chunk


def _provenance(reply: StoredMessage) -> dict[str, Any]:
    return {
        "conversation_id": reply.conversation_id,
        "message_id": reply.id,
        "options": [option.model_dump() for option in reply.options],
        "provenance": reply.provenance.model_dump(mode="json") if reply.provenance else None,
    }
