"""A visitor on the websocket who keeps what the protocol lets one see, and checks it.

The client does what the documentation asks of one: it resumes from the last ``seq`` it holds,
sends an unacknowledged message again under the same id, and shows every message once.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_REPLY_TIMEOUT_S = 60.0


@dataclass
class Screen:
    """What one visitor has been shown: finished messages by seq, and the draft being written."""

    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def last_seq(self) -> int:
        """The highest seq below which nothing is missing."""
        seq = 0
        while seq + 1 in self.messages:
            seq += 1
        return seq

    def show(self, message: dict[str, Any]) -> None:
        """Put a finished message on the screen; a different one under the same seq is a fault."""
        known = self.messages.setdefault(message["seq"], message)
        if known["id"] != message["id"] or known["text"] != message["text"]:
            self.faults.append(f"seq {message['seq']} shown as two messages")

    def write(self, frame: dict[str, Any]) -> None:
        """Apply a delta; a gap in its offset is a fault, an overlap has to repeat the text."""
        draft = self.drafts.get(frame["message_id"], "") if frame["offset"] else ""
        if frame["offset"] > len(draft):
            self.faults.append(f"gap before offset {frame['offset']}")
        self.drafts[frame["message_id"]] = draft[: frame["offset"]] + frame["text"]

    def finish(self, message: dict[str, Any]) -> None:
        """Apply done: what was streamed must be what is committed."""
        draft = self.drafts.pop(message["id"], None)
        if draft is not None and draft != message["text"]:
            self.faults.append(f"streamed {draft[:60]!r}, committed {message['text'][:60]!r}")
        self.show(message)


class Visitor:
    """One conversation over a socket that may be cut at any time."""

    def __init__(self, http: httpx.AsyncClient, ws_url: str) -> None:
        self.screen = Screen()
        self.reconnects = 0
        self._http = http
        self._ws_url = ws_url
        self._opened: dict[str, Any] = {}
        self._acks: dict[str, str] = {}
        self._sent: dict[str, str] = {}
        self._socket: ClientConnection | None = None

    async def open(self) -> None:
        """Create the conversation and go live."""
        response = await self._http.post("/v1/conversations", json={})
        response.raise_for_status()
        self._opened = response.json()
        await self._connect()

    async def say(self, text: str, *, cut_after: float | None = None) -> None:
        """Say ``text`` and wait for its answer; ``cut_after`` seconds the socket is torn down."""
        client_message_id = uuid.uuid4().hex
        cutter = asyncio.create_task(self._cut(cut_after)) if cut_after is not None else None
        async with asyncio.timeout(_REPLY_TIMEOUT_S):
            while not self._answered(client_message_id):
                try:
                    await self._say_once(client_message_id, text)
                except (ConnectionClosed, OSError):
                    self.reconnects += 1
                    await self._reconnect()
        if cutter is not None:
            cutter.cancel()

    async def hold(self, seconds: float) -> None:
        """Stay connected and silent."""
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._receive()
            except TimeoutError:
                return

    async def history(self) -> list[dict[str, Any]]:
        """The log's own account of the conversation."""
        messages: list[dict[str, Any]] = []
        while True:
            response = await self._http.get(
                f"/v1/conversations/{self._opened['conversation_id']}/messages",
                params={"after_seq": messages[-1]["seq"] if messages else 0},
                headers={"Authorization": f"Bearer {self._opened['token']}"},
            )
            response.raise_for_status()
            page = response.json()
            messages += page["messages"]
            if not page["messages"] or messages[-1]["seq"] >= page["last_seq"]:
                return messages

    async def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            await self._socket.close()

    async def _say_once(self, client_message_id: str, text: str) -> None:
        if client_message_id not in self._acks:
            self._sent[client_message_id] = text
            frame = {"type": "message", "client_message_id": client_message_id, "text": text}
            await self._send(frame)
        while not self._answered(client_message_id):
            await self._receive()

    async def _connect(self) -> None:
        self._socket = await connect(self._ws_url, max_size=2**22, ping_interval=None)
        conversation_id, token = self._opened["conversation_id"], self._opened["token"]
        await self._send(
            {"type": "hello", "protocol": 1, "conversation_id": conversation_id, "token": token}
        )
        await self._send({"type": "resume", "last_seq": self.screen.last_seq})
        while (await self._receive())["type"] != "live":
            pass

    async def _reconnect(self) -> None:
        while True:
            try:
                await self._connect()
            except (ConnectionClosed, OSError):
                await asyncio.sleep(0.1)
            else:
                return

    async def _send(self, frame: dict[str, Any]) -> None:
        assert self._socket is not None
        await self._socket.send(json.dumps(frame))

    async def _receive(self) -> dict[str, Any]:
        assert self._socket is not None
        frame: dict[str, Any] = json.loads(await self._socket.recv())
        match frame["type"]:
            case "replay":
                for message in frame["messages"]:
                    self.screen.show(message)
            case "message":
                self.screen.show(frame["message"])
            case "delta":
                self.screen.write(frame)
            case "replace":
                self.screen.drafts[frame["message_id"]] = frame["text"]
            case "done":
                self.screen.finish(frame["message"])
            case "ack":
                self._acknowledge(frame)
            case "error":
                self.screen.faults.append(json.dumps(frame["problem"])[:300])
        return frame

    def _acknowledge(self, frame: dict[str, Any]) -> None:
        client_message_id = frame["client_message_id"]
        self._acks[client_message_id] = frame["message_id"]
        self.screen.show(
            {
                "id": frame["message_id"],
                "seq": frame["seq"],
                "text": self._sent[client_message_id],
                "client_message_id": client_message_id,
            }
        )

    def _answered(self, client_message_id: str) -> bool:
        own = {
            m["id"]
            for m in self.screen.messages.values()
            if m.get("client_message_id") == client_message_id
        }
        own |= {self._acks[client_message_id]} if client_message_id in self._acks else set()
        return any(m.get("reply_to") in own for m in self.screen.messages.values())

    async def _cut(self, after: float) -> None:
        await asyncio.sleep(after)
        if self._socket is not None:
            self._socket.transport.abort()
