"""A server with the compatible ends alone: the real log, service, rule and responders.

Retrieval is lexical and the bot is down, so that no model is needed: answers are the demo
entries, and every one is marked degraded. ``test_openai_whole.py`` runs the whole product.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.routing import DEFAULT_COSTS
from generation.smalltalk import SmallTalk
from retrieval.lexical import LexicalIndex
from retrieval.text import terms
from retrieval.types import Entry, Evidence, Lang, Ranked
from web.botclient import BotClient
from web.channels.clients import Ends
from web.channels.openai import openai_router
from web.channels.problems import install
from web.channels.rasa_rest import rasa_rest_router
from web.conversation.aftercare import Aftercare
from web.conversation.history import History
from web.conversation.log import ConversationLog
from web.conversation.newest import Newest
from web.conversation.routing import Router
from web.conversation.service import ConversationService
from web.conversation.storage import Database, LogThreads
from web.conversation.turns import Deadlines, TurnMaker
from web.corrections import AS_FITTED
from web.entrybook import BookEntry, EntryBook
from web.responder.answer import Answer
from web.responder.base import Responder, Responders
from web.responder.chat import Chat
from web.responder.clarify import Clarify
from web.responder.decline import Decline
from web.responder.failure import Failure
from web.responder.handoff import Handoff
from web.security.api_keys import ApiKeys
from web.security.limits import RateLimit

KEY, OTHER_KEY = "key-of-the-first-client", "key-of-the-second-client"
_DEMO = Path(__file__).parents[3] / "knowledge" / "demo" / "en.jsonl"
#: An entry's own words reach about 0.44 of the best score that could be; that is sure enough.
_SURE_SHARE = 0.45


def demo_entries() -> list[Entry]:
    lines = _DEMO.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [
        Entry(row["id"], 1, "en", row["question"], row["answer"], tuple(row["alternatives"]))
        for row in rows
    ]


class LexicalRetriever:
    """BM25 over questions and alternatives; p is shared out among those that score alike."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._index = LexicalIndex()
        self._lock = threading.Lock()  # an index has one user at a time
        for entry in entries:
            for position, text in enumerate((entry.question, *entry.alternatives)):
                self._index.add(f"{entry.id}#{position}", terms(text))
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def search(
        self, text: str, *, history: Sequence[str] = (), lang: Lang | None = None, limit: int = 10
    ) -> Evidence:
        self.asked.append((text, tuple(history)))
        words = terms(text)
        with self._lock:
            best = self._index.best_possible(words) or 1.0
            hits = self._index.search(words, 5 * limit)
        found: dict[str, float] = {}
        for key, score in hits:
            found.setdefault(key.split("#")[0], score / best)
        sure = min(0.97, max(found.values(), default=0.0) / _SURE_SHARE)
        whole = sum(share**4 for share in found.values()) or 1.0
        ranked = [
            Ranked(entry_id, 1, "en", sure * share**4 / whole, share)
            for entry_id, share in found.items()
        ]
        return Evidence(text, text, "en", tuple(ranked[:limit]))


class Server:
    """An app, and what stands behind it."""

    def __init__(
        self,
        engine: Engine,
        *,
        keys: Sequence[str] = (KEY, OTHER_KEY),
        open_api: bool = False,
        responders: Mapping[str, Responder] | None = None,
        per_minute: int = 6000,
        keep_alive_s: float = 10.0,
    ) -> None:
        entries = demo_entries()
        self.retriever = LexicalRetriever(entries)
        book = EntryBook(BookEntry(entry, None) for entry in entries)
        database, threads = Database(engine), LogThreads()
        self.log, self.history = ConversationLog(database), History(database)
        # Nothing listens on port 9 ("discard"): the rule decides here.
        self._bot = BotClient("http://127.0.0.1:9", SecretStr("s" * 32), 1.0)
        talk = SmallTalk.load()
        decline = Decline(talk)
        by_route: dict[str, Responder] = {
            "answer": Answer(book, talk, decline),
            "compose": Answer(book, talk, decline),
            "clarify": Clarify(book, talk, decline),
            "chat": Chat(talk),
            "decline": decline,
            "handoff": Handoff(talk, "9-17", "help@tidewire.example"),
        } | dict(responders or {})
        self._turns = TurnMaker(
            self.retriever,  # type: ignore[arg-type]  # only its search is used here
            Newest("correction", lambda: AS_FITTED, AS_FITTED, threads),
            Router(
                self._bot,
                Newest("cost matrix", lambda: DEFAULT_COSTS, DEFAULT_COSTS, threads),
                self.log,
                threads,
                book,
            ),
            Responders(by_route),
            Failure(talk),
            Deadlines(retrieval_s=5.0, responder_s=5.0),
            dict,
        )
        self.service = ConversationService(
            log=self.log,
            history=self.history,
            aftercare=Aftercare(database),
            threads=threads,
            turns=self._turns,
            ready=lambda: self.not_ready,
            forget=_nothing_to_forget,
            person=("9-17", "help@tidewire.example"),
            max_chars=4000,
        )
        self.not_ready: str | None = None
        self._threads = threads
        ends = Ends(
            self.service,
            ApiKeys(map(SecretStr, keys), open_api=open_api, host="127.0.0.1"),
            RateLimit(per_minute, burst=per_minute / 60 + 4),
            4000,
        )
        self.app = FastAPI(lifespan=self._lifespan)
        install(self.app)
        self.app.include_router(openai_router(ends, keep_alive_s))
        self.app.include_router(rasa_rest_router(ends))

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        await self.service.aclose()
        await self._bot.aclose()
        self._turns.close()
        self._threads.close()


async def _nothing_to_forget(_: str) -> None:
    await asyncio.sleep(0)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The app on a free loopback port, in a thread of its own; yields its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(app, log_level="warning", lifespan="on", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
