"""Putting questions to a running server, each in a conversation of its own."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

from web.conversation.models import StoredMessage
from web.evaluation.errors import PathFailed
from web.evaluation.files import Question
from web.evaluation.record import error_record, record_of, reply_of
from web.evaluation.summary import Asked

_TIMEOUT_S = 60.0
_REFUSED = 400


class Asker:
    """Asks over the REST twin of ``url``; each conversation is deleted once it is over."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT_S)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextmanager
    def conversation(self) -> Iterator[Callable[[str, str | None], StoredMessage | None]]:
        """Open a fresh conversation; yields ``say(text, lang)``, which returns the reply.

        ``say`` returns None where the server refused the text (empty, too long …), and raises
        PathFailed where it could not be reached.
        """
        created = self._send("POST", "/v1/conversations", {}, None)
        if created.is_error:
            raise PathFailed(f"no conversation could be opened: {created.text[:300]}")
        opened = created.json()
        path, token = f"/v1/conversations/{opened['conversation_id']}", opened["token"]

        def say(text: str, lang: str | None) -> StoredMessage | None:
            body: dict[str, Any] = {"client_message_id": uuid.uuid4().hex, "text": text}
            if lang is not None:
                body["lang"] = lang
            response = self._send("POST", f"{path}/messages", body, token)
            return None if response.status_code >= _REFUSED else reply_of(response.json())

        try:
            yield say
        finally:
            self._send("DELETE", path, None, token)

    def ask_all(
        self,
        queries: Sequence[Question],
        dialogues: Sequence[Sequence[Question]],
        *,
        jobs: int = 1,
        progress: Callable[[], None] = lambda: None,
    ) -> tuple[list[Asked], list[list[Asked]]]:
        """Ask everything, ``jobs`` conversations at a time; ``progress`` is called after each."""

        def run(turns: Sequence[Question], in_dialogue: bool) -> list[Asked]:
            with self.conversation() as say:
                asked = [_ask(say, turn, in_dialogue) for turn in turns]
            progress()
            return asked

        with ThreadPoolExecutor(jobs) as pool:
            singles = [pool.submit(run, [query], False) for query in queries]
            several = [pool.submit(run, turns, True) for turns in dialogues]
            return (
                [future.result()[0] for future in singles],
                [future.result() for future in several],
            )

    def _send(self, method: str, path: str, body: Any, token: str | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return self._client.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise PathFailed(f"{method} {path} failed: {error or type(error).__name__}") from error


def _ask(
    say: Callable[[str, str | None], StoredMessage | None], question: Question, in_dialogue: bool
) -> Asked:
    started = time.perf_counter()
    reply = say(question.text, None)
    seconds = time.perf_counter() - started
    record = (
        record_of(question.text, reply, question.expected)
        if reply is not None
        else error_record(question.text, question.expected)
    )
    return Asked(record, question.expected, question.kind, question.lang, in_dialogue, seconds)
