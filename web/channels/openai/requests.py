"""Reading a chat completions request: the one question in it, and what can only be refused.

What would change the answer's nature (several choices, tools, another format) is refused with a
sentence. What only tunes a sampler (temperature, seed, penalties, max_tokens …) and parameters
nobody knows are left aside: an answer is an entry word for word, or gated sentences.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from web.errors import InvalidRequest, WebError
from web.security.text import clean_text

#: As many earlier messages as retrieval looks at.
_CONTEXT_MESSAGES = 4


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Part(_Lenient):
    type: str
    text: str | None = None


class _ChatMessage(_Lenient):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[_Part] | None = None


class _StreamOptions(_Lenient):
    include_usage: bool | None = None


class _Format(_Lenient):
    type: str


class _Request(_Lenient):
    model: str = Field(min_length=1)
    messages: list[_ChatMessage] = Field(min_length=1)
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    n: int | None = None
    user: str | None = Field(default=None, max_length=1000)
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    tool_choice: Any = None
    function_call: Any = None
    response_format: _Format | None = None
    logprobs: bool | None = None
    modalities: list[str] | None = None
    audio: Any = None
    web_search_options: Any = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a request asks.

    ``context`` holds what the client's user said before, oldest first; ``sent`` all text of the
    request, for its usage; ``user`` the client's name of its end user, or "".
    """

    text: str
    context: tuple[str, ...]
    sent: tuple[str, ...]
    stream: bool
    include_usage: bool
    user: str


def read_question(body: dict[str, Any], max_chars: int) -> Question:
    """The question in ``body``; texts of at most ``max_chars`` code points.

    A ``system`` or ``developer`` message is data: it is counted, and otherwise not used. Raises
    InvalidRequest, EmptyMessage, MessageTooLong, TextNotAllowed.
    """
    try:
        request = _Request.model_validate(body)
    except ValidationError as error:
        raise _explain(error) from error
    _refuse_what_is_not_done(request)
    *earlier, last = request.messages
    place = f"messages[{len(earlier)}]"
    if last.role != "user":
        raise _wrong(f"{place}.role", "The last message has to be the user's question.")
    text = clean_text(_text(last, place), max_chars)
    texts = [_text(message, f"messages[{i}]") for i, message in enumerate(earlier)]
    said = [text for text, message in zip(texts, earlier, strict=True) if message.role == "user"]
    return Question(
        text=text,
        context=_context(said, max_chars),
        sent=(*texts, text),
        stream=bool(request.stream),
        include_usage=bool(request.stream_options and request.stream_options.include_usage),
        user=request.user or "",
    )


def _refuse_what_is_not_done(request: _Request) -> None:
    refusals = (
        ("n", request.n not in (None, 1), "There is one answer to a question: n has to be 1."),
        ("tools", bool(request.tools), "Tools are not supported: leave them out."),
        ("functions", bool(request.functions), "Functions are not supported: leave them out."),
        (
            "tool_choice",
            request.tool_choice not in (None, "none", "auto"),
            "Tools are not supported: tool_choice has to be 'none' or 'auto'.",
        ),
        (
            "function_call",
            request.function_call not in (None, "none", "auto"),
            "Functions are not supported: function_call has to be 'none' or 'auto'.",
        ),
        (
            "response_format",
            request.response_format is not None and request.response_format.type != "text",
            "Answers are text: response_format has to be of type 'text'.",
        ),
        ("logprobs", bool(request.logprobs), "Log probabilities are not given."),
        (
            "modalities",
            request.modalities not in (None, [], ["text"]),
            "Answers are text: modalities has to be ['text'].",
        ),
        ("audio", request.audio is not None, "Audio is not supported: leave it out."),
        (
            "web_search_options",
            request.web_search_options is not None,
            "The web is not searched: answers come from the knowledge base.",
        ),
        (
            "stream_options",
            request.stream_options is not None and not request.stream,
            "stream_options goes with stream=true only.",
        ),
    )
    for param, refused, why in refusals:
        if refused:
            raise _wrong(param, why)


def _text(message: _ChatMessage, place: str) -> str:
    if message.content is None:
        return ""
    if isinstance(message.content, str):
        return message.content
    pieces = []
    for i, part in enumerate(message.content):
        where = f"{place}.content[{i}]"
        if part.type in ("text", "refusal"):
            pieces.append(part.text or "")
        elif message.role == "user":
            raise _wrong(where, f"A part of type {part.type[:40]!r} cannot be read: only text can.")
    return "\n".join(pieces)


def _context(said: Iterable[str], max_chars: int) -> tuple[str, ...]:
    """The last few texts that can be read; what cannot is no reason to refuse the question."""
    context = []
    for text in said:
        try:
            context.append(clean_text(text, max_chars))
        except WebError:
            continue
    return tuple(context[-_CONTEXT_MESSAGES:])


def _explain(error: ValidationError) -> InvalidRequest:
    # Of the members of a union, the one that got furthest says best what is wrong.
    found = max(error.errors(include_url=False), key=lambda item: len(item["loc"]))
    names = [part for part in found["loc"] if not _is_union_member(part)]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in names)
    return _wrong(place.removeprefix("."), f"{found['msg']}.")


def _is_union_member(part: int | str) -> bool:
    return isinstance(part, str) and (part == "str" or part.startswith("list["))


def _wrong(param: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        why,
        errors=[{"field": param, "message": why}],
        remedy="docs/integrators/openai.md lists what is taken, ignored and refused.",
    )
