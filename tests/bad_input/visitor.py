"""A visitor who sends what no decent client would, over a real websocket."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack, suppress
from socket import SHUT_RDWR
from types import TracebackType
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

#: A question that the demo base answers, and where.
QUESTION, ENTRY = "how do i reset my router to factory settings?", "router-reset"
_PATIENCE_S = 60.0


class Visitor:
    """One conversation over one connection, live; a context manager."""

    def __init__(self, url: str) -> None:
        made = httpx.post(f"{url}/v1/conversations", json={}).raise_for_status().json()
        self.url = url
        self.conversation_id: str = made["conversation_id"]
        self.token: str = made["token"]
        self.last_seq = 0
        self._connections = ExitStack()
        self._socket: ClientConnection

    def __enter__(self) -> Visitor:
        self._connect()
        self.join()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connections.close()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def messages_url(self) -> str:
        return f"{self.url}/v1/conversations/{self.conversation_id}/messages"

    def _connect(self) -> None:
        address = f"ws{self.url[4:]}/v1/chat"
        self._socket = self._connections.enter_context(connect(address, max_size=None))

    def hello(self) -> None:
        self.send(type="hello", protocol=1, conversation_id=self.conversation_id, token=self.token)

    def join(self) -> None:
        """Say hello, resume, and wait until it is live."""
        self.hello()
        self.next("welcome")
        self.send(type="resume", last_seq=self.last_seq)
        self.next("live")

    def cut(self) -> None:
        """Tear the connection down without a word, and open another one (not joined yet)."""
        with suppress(OSError):  # the server was faster
            self._socket.socket.shutdown(SHUT_RDWR)
        self._connections.close()
        self._connect()

    def send(self, **frame: Any) -> None:
        self.send_raw(json.dumps(frame, ensure_ascii=False))

    def send_raw(self, raw: str | bytes) -> None:
        if isinstance(raw, bytes):
            self._socket.send(raw, text=True)
        else:
            self._socket.send(raw)

    def next(self, *kinds: str, patience_s: float = _PATIENCE_S) -> dict[str, Any]:
        """The next frame of one of these kinds (of any where none is given)."""
        while True:
            frame: dict[str, Any] = json.loads(self._socket.recv(patience_s))
            if not kinds or frame["type"] in kinds:
                return frame

    def say(self, text: str, client_id: str | None = None) -> dict[str, Any]:
        """Send a message; its answer as committed, or the problem."""
        client_id = client_id or uuid.uuid4().hex
        self.send(type="message", client_message_id=client_id, text=text)
        message_id = None
        while True:
            frame = self.next("ack", "done", "error")
            if frame["type"] == "ack":
                if frame["client_message_id"] == client_id:
                    message_id = frame["message_id"]
                continue
            if frame["type"] == "error":
                assert frame["client_message_id"] == client_id
                problem: dict[str, Any] = frame["problem"]
                assert problem["detail"]
                assert problem["remedy"]
                return problem
            message: dict[str, Any] = frame["message"]
            if message["reply_to"] == message_id:
                return message

    def refused(self, raw: str | bytes) -> str:
        """Send a raw frame; the code of the error frame that answers it."""
        self.send_raw(raw)
        problem = self.next("error")["problem"]
        assert problem["detail"]
        assert problem["remedy"]
        return str(problem["code"])

    def assert_alive(self) -> None:
        """The connection lives, and questions are answered on it as ever."""
        answer = self.say(QUESTION)
        assert answer.get("provenance"), answer
        assert [entry["id"] for entry in answer["provenance"]["entries"]] == [ENTRY]

    def history(self) -> list[dict[str, Any]]:
        page = httpx.get(self.messages_url, headers=self.headers).raise_for_status().json()
        messages: list[dict[str, Any]] = page["messages"]
        return messages
