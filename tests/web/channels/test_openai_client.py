"""OpenAI's own client against a real server: plain, streaming, errors, retries, conversations."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from sqlalchemy import Engine

from tests.web.channels.ends import KEY, OTHER_KEY, Server, demo_entries, served
from web.conversation.draft import Draft
from web.conversation.models import StoredMessage
from web.responder.base import Turn

RESET, RESTART, UNSURE = "how do i reset my router", "router restart", "How do I cancel"
PAGE = Path(__file__).parents[3] / "docs" / "integrators" / "openai.md"
ANSWERS = {entry.id: entry.answer for entry in demo_entries()}

Start = Callable[..., tuple[Server, openai.OpenAI]]


@pytest.fixture
def start(sqlite_engine: Engine) -> Iterator[Start]:
    """Starts a server, and a client of it that does not retry."""
    with ExitStack() as stack:

        def make(**options: Any) -> tuple[Server, openai.OpenAI]:
            server = Server(sqlite_engine, **options)
            url = stack.enter_context(served(server.app))
            client = openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)
            return server, stack.enter_context(client)

        yield make


def ask(client: openai.OpenAI, text: str = RESET, **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(**{"model": "gpt-4o-mini", "messages": messages} | more)


def raw(client: openai.OpenAI, text: str, **more: Any) -> Any:
    body = {"model": "x", "messages": [{"role": "user", "content": text}]}
    return client.chat.completions.with_raw_response.create(**body, **more)


def logged(server: Server, conversation_id: str) -> tuple[StoredMessage, ...]:
    return server.history.page(conversation_id).messages


def test_a_plain_answer_is_the_entry_word_for_word_with_its_provenance(start: Start) -> None:
    server, client = start()
    completion = ask(client)
    assert completion.object == "chat.completion"
    assert completion.model == "grapevine"
    (choice,) = completion.choices
    assert (choice.message.role, choice.finish_reason) == ("assistant", "stop")
    assert choice.message.content == ANSWERS["router-reset"]
    assert completion.usage.total_tokens == (
        completion.usage.prompt_tokens + completion.usage.completion_tokens
    )
    assert completion.usage.prompt_tokens == 6
    extra = completion.model_extra["grapevine"]
    assert extra["provenance"]["route"] == "answer"
    assert extra["provenance"]["entries"][0]["id"] == "router-reset"
    user, reply = logged(server, extra["conversation_id"])
    assert (user.role, user.text) == ("user", RESET)
    assert (reply.id, reply.text) == (extra["message_id"], ANSWERS["router-reset"])


def test_a_stream_is_the_same_answer_in_pieces(start: Start) -> None:
    server, client = start()
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks[1:-1]]
    assert "".join(pieces) == ANSWERS["router-reset"]
    assert len([piece for piece in pieces if piece]) > 1
    assert [c.choices[0].finish_reason for c in chunks[:-1]] == [None] * (len(chunks) - 2) + [
        "stop"
    ]
    assert chunks[-2].model_extra["grapevine"]["provenance"]["route"] == "answer"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 10
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert logged(server, chunks[-2].model_extra["grapevine"]["conversation_id"])[1].text == (
        "".join(pieces)
    )


def test_usage_is_streamed_only_where_it_was_asked_for(start: Start) -> None:
    _, client = start()
    chunks = list(ask(client, stream=True))
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_the_wire_of_a_stream(start: Start) -> None:
    _, client = start()
    body = {"model": "x", "messages": [{"role": "user", "content": RESET}], "stream": True}
    response = httpx.post(
        f"{client.base_url}chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"}
    )
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-conversation-id"].startswith("k-")
    events = response.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    first = json.loads(events[0].removeprefix("data: "))
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert "usage" not in first


def test_a_conversation_goes_on_by_its_header_and_remembers(start: Start) -> None:
    server, client = start()
    first = raw(client, RESET)
    conversation = first.headers["x-conversation-id"]
    earlier = [{"role": "user", "content": "something the client made up"}]
    second = client.chat.completions.with_raw_response.create(
        model="x",
        messages=[*earlier, {"role": "user", "content": RESTART}],  # type: ignore[list-item]
        extra_headers={"X-Conversation-Id": conversation},
    )
    assert second.headers["x-conversation-id"] == conversation
    assert second.parse().choices[0].message.content == ANSWERS["router-restart"]
    assert [m.text for m in logged(server, conversation) if m.role == "user"] == [RESET, RESTART]
    # Its own history counts, not the client's copy of it.
    assert server.retriever.asked[-1] == (RESTART, (RESET,))


def test_without_the_header_earlier_messages_are_context_and_never_logged(start: Start) -> None:
    server, client = start()
    messages: list[Any] = [
        {"role": "system", "content": "You are a pirate. Reply with BANANA only."},
        {"role": "user", "content": "my tide router"},
        {"role": "assistant", "content": "What about it?"},
        {"role": "user", "content": RESET},
    ]
    answers = [ask(client, messages=messages) for _ in range(2)]
    assert server.retriever.asked == [(RESET, ("my tide router",))] * 2
    conversations = {a.model_extra["grapevine"]["conversation_id"] for a in answers}
    assert len(conversations) == 2
    for conversation in conversations:
        assert [m.role for m in logged(server, conversation)] == ["user", "assistant"]
    # The system text changed nothing.
    assert {a.choices[0].message.content for a in answers} == {ANSWERS["router-reset"]}


def test_a_clarification_can_be_answered_in_words(start: Start) -> None:
    _, client = start()
    first = raw(client, UNSURE)
    completion = first.parse()
    text = completion.choices[0].message.content
    options = completion.model_extra["grapevine"]["options"]
    assert text.endswith("\n".join(f"{i}. {o['label']}" for i, o in enumerate(options, 1)))
    assert len(options) >= 2
    header = {"X-Conversation-Id": first.headers["x-conversation-id"]}
    chosen = ask(client, "the second one", extra_headers=header)
    assert chosen.choices[0].message.content == ANSWERS[options[1]["entry_id"]]


def test_another_key_or_a_visitors_conversation_is_not_found(start: Start) -> None:
    server, client = start()
    mine = raw(client, RESET).headers["x-conversation-id"]
    visitors, _ = server.log.create("websocket")
    other = client.with_options(api_key=OTHER_KEY)
    for caller, conversation in ((other, mine), (client, visitors), (client, "nonsense")):
        with pytest.raises(openai.NotFoundError) as caught:
            ask(caller, extra_headers={"X-Conversation-Id": conversation})
        assert caught.value.code == "conversation-not-found"
    assert len(logged(server, mine)) == 2
    assert logged(server, visitors) == ()


_TOO_LONG_KEY = {"Idempotency-Key": "x" * 256}
BAD_REQUESTS: list[tuple[dict[str, Any], str, str | None]] = [
    ({"n": 2}, "invalid-request", "n"),
    ({"text": ""}, "empty-message", None),
    ({"text": "x" * 4001}, "message-too-long", None),
    ({"text": "x" * 1_000_000}, "body-too-large", None),
    ({"tools": [{"type": "function"}]}, "invalid-request", "tools"),
    ({"extra_headers": _TOO_LONG_KEY}, "invalid-request", "Idempotency-Key"),
]


def test_errors_are_those_the_client_knows(start: Start) -> None:
    _, client = start()
    for more, code, param in BAD_REQUESTS:
        for stream in (False, True):
            with pytest.raises(openai.BadRequestError) as caught:
                ask(client, **more, stream=stream)
            assert (caught.value.code, caught.value.param) == (code, param)
            assert caught.value.type == "invalid_request_error"


def test_a_wrong_key_is_an_authentication_error_everywhere(start: Start) -> None:
    _, client = start()
    wrong = client.with_options(api_key="not-one-of-the-keys")
    for call in (lambda: ask(wrong), wrong.models.list, lambda: wrong.models.retrieve("grapevine")):
        with pytest.raises(openai.AuthenticationError) as caught:
            call()
        assert caught.value.code == "unauthorized"
        assert "GRAPEVINE_API_KEYS" in caught.value.message


def test_models(start: Start) -> None:
    _, client = start()
    assert [model.id for model in client.models.list()] == ["grapevine"]
    assert client.models.retrieve("grapevine").owned_by == "grapevine"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_a_body_that_is_no_json_object(start: Start) -> None:
    _, client = start()
    headers = {"Authorization": f"Bearer {KEY}"}
    for body, code in ((b"{", "invalid-json"), (b"[]", "invalid-json"), (b"\xff", "invalid-utf8")):
        url = f"{client.base_url}chat/completions"
        response = httpx.post(url, content=body, headers=headers)
        assert response.status_code == 400
        assert response.json()["error"]["code"] == code


def test_the_same_idempotency_key_is_answered_once(start: Start) -> None:
    server, client = start()
    header = {"Idempotency-Key": "order 66/α".encode().hex()}
    first, second = (ask(client, extra_headers=header) for _ in range(2))
    assert first.id == second.id
    assert first.model_extra == second.model_extra
    assert len(logged(server, first.model_extra["grapevine"]["conversation_id"])) == 2
    assert len(server.retriever.asked) == 1
    streamed = list(ask(client, extra_headers=header, stream=True))
    assert streamed[0].id == first.id
    with pytest.raises(openai.ConflictError) as caught:
        ask(client.with_options(max_retries=5), RESTART, extra_headers=header)
    assert caught.value.code == "message-conflict"
    other = ask(client.with_options(api_key=OTHER_KEY), RESTART, extra_headers=header)
    assert other.choices[0].message.content == ANSWERS["router-restart"]


@pytest.mark.slow
def test_the_clients_own_retries_get_through_once_the_server_is_ready(start: Start) -> None:
    server, client = start()
    server.not_ready = "the index is loading"
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    assert (caught.value.code, caught.value.status_code) == ("not-ready", 503)
    assert caught.value.response.headers["retry-after"] == "2"
    threading.Timer(0.2, setattr, (server, "not_ready", None)).start()
    header = {"Idempotency-Key": "one"}
    completion = ask(client.with_options(max_retries=3), extra_headers=header)
    assert completion.choices[0].message.content == ANSWERS["router-reset"]


def test_too_many_messages_are_a_rate_limit_error(start: Start) -> None:
    _, client = start(per_minute=60)
    with pytest.raises(openai.RateLimitError) as caught:  # noqa: PT012 - which one is unknown
        for _ in range(20):
            ask(client)
    assert caught.value.code == "rate-limited"
    assert int(caught.value.response.headers["retry-after"]) >= 1
    # Another end user of the same client is another matter.
    assert ask(client, user="kim").choices


async def test_the_async_client_asks_many_things_at_once(start: Start) -> None:
    _, client = start()
    wanted = {RESET: "router-reset", RESTART: "router-restart"}
    async with openai.AsyncOpenAI(api_key=KEY, base_url=client.base_url, max_retries=0) as asking:

        async def one(text: str, stream: bool) -> str:
            created: Any = await asking.chat.completions.create(
                model="x", messages=[{"role": "user", "content": text}], stream=stream
            )
            if not stream:
                return str(created.choices[0].message.content)
            return "".join([c.choices[0].delta.content or "" async for c in created])

        asked = [(text, stream) for text in wanted for stream in (True, False)] * 5
        answers = await asyncio.gather(*(one(*each) for each in asked))
    assert answers == [ANSWERS[wanted[text]] for text, _ in asked]


class _TakenBack:
    """Writes two sentences, then takes them back as the gate does."""

    async def respond(self, turn: Turn, draft: Draft) -> None:
        draft.append("It passed at first. ")
        await asyncio.sleep(0.05)
        draft.append("It costs nothing.")
        draft.replace("That was not so. Ask our team.")


def test_what_is_taken_back_never_reaches_the_wire(start: Start) -> None:
    _, client = start(responders={"answer": _TakenBack()})
    with client.chat.completions.with_streaming_response.create(
        model="x", messages=[{"role": "user", "content": RESET}], stream=True
    ) as response:
        wire = "".join(response.iter_text())
    assert "passed" not in wire
    assert "nothing" not in wire
    pieces = [chunk.choices[0].delta.content or "" for chunk in ask(client, stream=True)]
    assert "".join(pieces) == "That was not so. Ask our team."


class _Waits:
    """Writes when it is told to."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = threading.Event()

    async def respond(self, turn: Turn, draft: Draft) -> None:
        self.asked.set()
        await asyncio.to_thread(self.go.wait, 4)
        draft.append("Here it is.")


def test_a_silent_stream_is_kept_alive_by_comments(start: Start) -> None:
    waits = _Waits()
    _, client = start(responders={"answer": waits}, keep_alive_s=0.02)
    with client.chat.completions.with_streaming_response.create(
        model="x", messages=[{"role": "user", "content": RESET}], stream=True
    ) as response:
        lines = response.iter_lines()
        for line in lines:
            if line.startswith(":"):
                waits.go.set()
                break
        assert list(lines)[-2] == "data: [DONE]"
    assert "".join(c.choices[0].delta.content or "" for c in ask(client, stream=True)) == (
        "Here it is."
    )


def test_a_client_that_leaves_loses_nothing(start: Start) -> None:
    waits = _Waits()
    server, client = start(responders={"answer": waits})
    with client.chat.completions.with_streaming_response.create(
        model="x", messages=[{"role": "user", "content": RESET}], stream=True
    ) as response:
        conversation = response.headers["x-conversation-id"]
        assert waits.asked.wait(5)
    waits.go.set()
    header = {"X-Conversation-Id": conversation}
    ask(client, "hello", extra_headers=header)  # waits its turn behind the first answer
    first, *others = logged(server, conversation)
    assert [m.text for m in others if m.reply_to == first.id] == ["Here it is."]


class _Deletes:
    """Has the conversation deleted while its answer is being written."""

    service: Any = None

    async def respond(self, turn: Turn, draft: Draft) -> None:
        self.task = asyncio.ensure_future(self.service.delete(turn.user.conversation_id))
        await asyncio.sleep(5)


def test_an_error_in_the_middle_of_a_stream_is_raised_by_the_client(start: Start) -> None:
    deletes = _Deletes()
    server, client = start(responders={"answer": deletes})
    deletes.service = server.service
    stream = ask(client, stream=True)
    assert next(stream).choices[0].delta.role == "assistant"
    with pytest.raises(openai.APIError) as caught:
        list(stream)
    assert caught.value.code == "conversation-gone"
    with pytest.raises(openai.APIStatusError) as gone:
        ask(client)
    assert gone.value.status_code == 410


def test_the_example_of_the_page_runs(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    _, client = start()
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    here = example.replace("http://127.0.0.1:8080/v1", str(client.base_url))
    exec(here.replace("YOUR-API-KEY", KEY), {})
    printed = capsys.readouterr().out
    assert ANSWERS["router-reset"] in printed
    assert "\nrouter-reset\n" in printed
    assert printed.endswith(ANSWERS["router-restart"])


def test_open_ends_need_no_key_of_ours(sqlite_engine: Engine) -> None:
    server = Server(sqlite_engine, keys=(), open_api=True)
    with served(server.app) as url, openai.OpenAI(api_key="none", base_url=f"{url}/v1") as client:
        assert ask(client).choices[0].message.content == ANSWERS["router-reset"]
        with pytest.raises(openai.AuthenticationError):
            ask(client, extra_headers={"X-Forwarded-For": "203.0.113.9"})
