"""The real web process around two stand-ins: a retriever that counts words, and a bot that obeys
the contract over HTTP and can be told to hang, fail or die. The real ones are used in the tests
marked ``models`` and ``e2e``."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import uvicorn
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from bot.routing import CostMatrix, EvidenceDigest, decide, fallback_reading
from knowledge.store import KnowledgeStore
from knowledge.types import EntryContent
from retrieval.types import Consistency, Entry, Evidence, Lang, Ranked
from web.app import create_app, server_config
from web.services import Services
from web.settings import Settings

SECRET = "a-secret-of-more-than-thirty-two-characters"
ENTRIES = {
    "router-reset": ("How do I reset my router?", "Hold the reset button for ten seconds."),
    "router-lights": ("What do the router lights mean?", "Green is good, red is not."),
    "bill-date": ("When is my bill due?", "On the third of each month."),
}


class WordRetriever:
    """Ranks by shared words. ``delay_s`` and ``broken`` make it slow or fail; ``features`` are
    those of its evidence."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.delay_s = 0.0
        self.broken = False
        self.snapshots = 0
        self.features: dict[str, float] = {}

    def load(self) -> None:
        pass

    def search(
        self,
        text: str,
        *,
        history: Sequence[str] = (),
        lang: Lang | None = None,
        limit: int = 10,
    ) -> Evidence:
        time.sleep(self.delay_s)
        if self.broken:
            raise RuntimeError("broken on purpose")
        asked = _words(text)
        ranked = [
            Ranked(e.id, e.revision, e.lang, p, p)
            for e in self.entries.values()
            for p in [len(asked & _words(e.question)) / max(1, len(asked | _words(e.question)))]
        ]
        best = sorted(ranked, key=lambda r: -r.p)[:limit]
        guessed: Lang = "zh" if re.search("[一-龥]", text) else "en"
        return Evidence(text, text, lang or guessed, tuple(best), self.features)

    def upsert(self, entries: Iterable[Entry]) -> None:
        self.entries |= {entry.id: entry for entry in entries}

    def remove(self, entry_ids: Iterable[str]) -> None:
        for entry_id in entry_ids:
            self.entries.pop(entry_id, None)

    def replace_all(self, entries: Iterable[Entry]) -> None:
        self.entries = {entry.id: entry for entry in entries}

    def check(self, entries: Iterable[Entry]) -> Consistency:
        missing = tuple(e.id for e in entries if self.entries.get(e.id) != e)
        return Consistency(len(self.entries), len(self.entries), missing)

    def snapshot(self) -> None:
        self.snapshots += 1


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


class StandInBot:
    """The bot's HTTP contract over the real routing rule; remembers message ids as the bot does."""

    def __init__(self, port: int = 0) -> None:
        self.turns: list[dict[str, Any]] = []
        self.forgotten: list[str] = []
        self.status = 200
        self.hang_s = 0.0
        self._replies: dict[str, dict[str, Any]] = {}
        bot = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version: ClassVar[str] = "bot"

            def do_GET(self) -> None:
                self._send(200, {"ready": True, "model": "stand-in"})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.headers["Authorization"] != f"Bearer {SECRET}":
                    self._send(401, {"error": "unauthorized", "detail": ""})
                elif self.path.endswith("/forget"):
                    bot.forgotten.append(body["conversation_id"])
                    self._send(200, {})
                else:
                    time.sleep(bot.hang_s)
                    self._send(bot.status, bot.reply(body) if bot.status == 200 else {})

            def _send(self, status: int, body: dict[str, Any]) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def reply(self, turn: dict[str, Any]) -> dict[str, Any]:
        if turn["message_id"] in self._replies:
            return self._replies[turn["message_id"]] | {"replayed": True}
        self.turns.append(turn)
        decision = decide(
            EvidenceDigest.from_dict(turn["evidence"]),
            fallback_reading(turn["text"], turn["lang"]),
            CostMatrix.from_dict(turn["costs"]),
            selected_entry_id=turn["selected_entry_id"],
        )
        reply = {
            "message_id": turn["message_id"],
            "replayed": False,
            "directives": [d.to_dict() for d in decision.directives],
        }
        self._replies[turn["message_id"]] = reply
        return reply

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Web:
    """The running web process."""

    def __init__(self, url: str, services: Services, retriever: WordRetriever) -> None:
        self.url = url
        self.services = services
        self.retriever = retriever

    def open(self) -> tuple[str, str, dict[str, str]]:
        """A new conversation: its path, its id, and the headers that open it."""
        made = httpx.post(f"{self.url}/v1/conversations", json={}).json()
        path = f"{self.url}/v1/conversations/{made['conversation_id']}"
        return path, made["conversation_id"], {"Authorization": f"Bearer {made['token']}"}

    def ask(self, path: str, headers: dict[str, str], client_id: str, text: str) -> httpx.Response:
        body = {"client_message_id": client_id, "text": text}
        return httpx.post(f"{path}/messages", json=body, headers=headers, timeout=20)


class Socket:
    """A websocket that speaks frames."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **frame: Any) -> None:
        await self.connection.send(json.dumps(frame))

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of these kinds; others are passed over."""
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = json.loads(await self.connection.recv())
                if not kinds or frame["type"] in kinds:
                    return frame

    @classmethod
    async def joined(cls, web: Web, headers: dict[str, str], cid: str, last_seq: int = 0) -> Socket:
        socket = cls(await connect(f"ws{web.url[4:]}/v1/chat", max_size=None))
        token = headers["Authorization"].split()[1]
        await socket.send(type="hello", protocol=1, conversation_id=cid, token=token)
        await socket.next("welcome")
        await socket.send(type="resume", last_seq=last_seq)
        return socket


@contextmanager
def running(folder: Path, bot_port: int, **changes: Any) -> Iterator[Web]:
    """Serve on a free port until the block ends."""
    defaults: dict[str, Any] = {
        "data_dir": folder,
        "bot_url": f"http://127.0.0.1:{bot_port}",
        "bot_secret": SecretStr(SECRET),
        "token_secret": SecretStr(SECRET),
        "generator": "none",
        "demo": False,
        "bot_deadline_s": 0.5,
        "retrieval_deadline_s": 0.5,
        "rate_per_minute": 100_000,
    }
    settings = Settings(**(defaults | changes))
    retriever = WordRetriever()
    app = create_app(settings, retriever)
    services: Services = app.state.services
    config = server_config(app, settings)
    config.port = 0
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        _wait(lambda: server.started and services.indexer.missing is None)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Web(f"http://127.0.0.1:{port}", services, retriever)
    finally:
        server.should_exit = True
        thread.join(15)


@contextmanager
def filled(folder: Path, bot_port: int, **changes: Any) -> Iterator[Web]:
    """As :func:`running`, with the entries published and found."""
    with running(folder, bot_port, **changes) as web:
        fill(web.services.store)
        wait_for(lambda: len(web.services.book) == len(ENTRIES))
        yield web


def fill(store: KnowledgeStore) -> None:
    """Publish the entries."""
    for entry_id, (question, answer) in ENTRIES.items():
        content = EntryContent(lang="en", question=question, answer=answer, status="published")
        store.create(content, author="test", entry_id=entry_id)


def _wait(condition: Any, timeout_s: float = 15) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


wait_for = _wait
