"""The composition root: builds every part from the settings, starts and ends them in order."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import Engine

from bot.routing import DEFAULT_COSTS
from generation.compose import Composer
from generation.ctranslate import CTranslate2Generator
from generation.smalltalk import SmallTalk
from knowledge.database import open_engine
from knowledge.notice import ChangeListener
from knowledge.store import KnowledgeStore
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.types import Retriever
from web.botclient import BotClient, BotUnavailable
from web.channels.gateway import Gateway
from web.conversation.aftercare import Aftercare
from web.conversation.history import History
from web.conversation.log import ConversationLog
from web.conversation.newest import Newest
from web.conversation.routing import Router
from web.conversation.service import ConversationService
from web.conversation.storage import Database, LogThreads
from web.conversation.turns import Deadlines, TurnMaker
from web.corrections import AS_FITTED, CorrectionRecord, CorrectionStore
from web.costs import CostStore
from web.entrybook import EntryBook
from web.indexing import Indexer, index_folder
from web.migrations import upgrade
from web.responder.answer import Answer
from web.responder.base import Responders
from web.responder.chat import Chat
from web.responder.clarify import Clarify
from web.responder.compose import Compose
from web.responder.decline import Decline
from web.responder.failure import Failure
from web.responder.flow import Flow
from web.responder.handoff import Handoff
from web.responder.insight import Insight
from web.security.limits import ConnectionLimit, RateLimit
from web.security.origins import Origins
from web.security.tokens import Tokens
from web.settings import Settings
from web.supervisor.secret_file import with_secrets
from web.vectors import open_vectors
from web.warming import warm

logger = logging.getLogger(__name__)

#: Beyond the composer's own deadline, for the words around it.
_RESPONDER_SLACK_S = 3.0


@dataclass(slots=True)
class Services:
    """Every part, built and not yet started; ``settings`` hold all secrets."""

    settings: Settings
    engine: Engine
    store: KnowledgeStore
    retriever: Retriever
    book: EntryBook
    indexer: Indexer
    generator: CTranslate2Generator | None
    composing: Compose
    turns: TurnMaker
    bot: BotClient
    threads: LogThreads
    service: ConversationService
    gateway: Gateway
    bot_awaited_until: float

    async def start(self) -> None:
        """Bring the database up to date and begin loading; returns before all is ready.

        Raises sqlalchemy.exc.SQLAlchemyError where the database cannot be used.
        """
        await self.threads.run(upgrade, self.engine)
        loop = asyncio.get_running_loop()
        self.indexer.on_ready = lambda: asyncio.run_coroutine_threadsafe(self._recover(), loop)
        self.indexer.start()

    async def aclose(self) -> None:
        """Let answers end, write what is not on disk yet, and give everything back."""
        await self.service.aclose()
        await asyncio.to_thread(self.indexer.close)
        self.turns.close()
        self.composing.close()
        await self.bot.aclose()
        self.threads.close()
        self.store.close()
        self.engine.dispose()

    async def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Whether answers can be given, and the state of each part.

        A bot that is still starting is waited for; one that was there and went away, or that
        has not come for a while, is not: degraded answers are better than none.
        """
        model = await self.bot.model()
        awaited = model is None and self.bot.loaded is None and monotonic() < self.bot_awaited_until
        parts: dict[str, Any] = {
            "index": self.indexer.fault or self.indexer.missing or "ready",
            "entries": len(self.book),
            "bot": model or ("is starting" if awaited else "does not answer; replies are degraded"),
        }
        try:
            await self.threads.run(self._touch_database)
            parts["database"] = "ready"
        except Exception as error:  # noqa: BLE001 - told as it is
            parts["database"] = str(error)
        if self.indexer.fault is not None:
            # Waiting does not mend it: the supervisor says it to whoever started the product.
            parts["fault"] = self.indexer.fault
        ready = self.indexer.missing is None and parts["database"] == "ready" and not awaited
        return ready, parts

    def _touch_database(self) -> None:
        with Database(self.engine).reading() as connection:
            connection.exec_driver_sql("SELECT last_seq FROM conversations LIMIT 1")

    async def _recover(self) -> None:
        count = await self.service.wake()
        if count:
            logger.info("took up %d messages that had no answer yet", count)


def build(settings: Settings, retriever: Retriever | None = None) -> Services:
    """Build all parts; loads and connects nothing yet.

    ``retriever`` takes the place of the one that the settings describe. Raises OSError,
    ModelError, and IndexUnavailable where the settings contradict each other.
    """
    settings = with_secrets(settings)
    assert settings.bot_secret is not None
    settings.make_data_dir()
    engine = open_engine(settings.database_url or f"sqlite:///{settings.data_dir / 'grapevine.db'}")
    store, book, threads = KnowledgeStore(engine), EntryBook(), LogThreads()
    models = ModelStore(settings.cache_dir, settings.model_dir)
    retriever = retriever or _retriever(settings, models, engine)
    generator = _generator(settings, models)
    indexer = Indexer(
        store,
        retriever,
        book,
        also_load=generator.load if generator else None,
        warm=partial(warm, retriever, generator.languages if generator else ()),
        listener=ChangeListener(engine) if engine.dialect.name == "postgresql" else None,
    )
    bot = BotClient(
        settings.bot_url or f"http://127.0.0.1:{settings.bot_port}",
        settings.bot_secret,
        settings.bot_deadline_s,
    )
    database, phrases = Database(engine), SmallTalk.load()
    log = ConversationLog(database)
    costs = Newest("cost matrix", CostStore(engine).current, DEFAULT_COSTS, threads)
    correction = Newest("correction", CorrectionStore(engine).current, AS_FITTED, threads)
    composing = _composing(settings, generator, book, phrases)
    router = Router(bot, costs, log, threads, book)
    responders = _responders(settings, book, phrases, composing)
    turns = _turns(settings, retriever, correction, router, responders, phrases, bot)
    service = _service(settings, log, database, threads, turns, indexer, bot)
    return Services(
        settings=settings,
        engine=engine,
        store=store,
        retriever=retriever,
        book=book,
        indexer=indexer,
        generator=generator,
        composing=composing,
        turns=turns,
        bot=bot,
        threads=threads,
        service=service,
        gateway=_gateway(settings, service),
        bot_awaited_until=monotonic() + settings.bot_patience_s,
    )


def _retriever(settings: Settings, models: ModelStore, engine: Engine) -> Retriever:
    return HybridRetriever(
        models,
        index_folder(settings.data_dir),
        settings.encoder_en,
        settings.encoder_multi,
        open_vectors=open_vectors(settings, engine),
    )


def _turns(
    settings: Settings,
    retriever: Retriever,
    correction: Newest[CorrectionRecord],
    router: Router,
    responders: Responders,
    phrases: SmallTalk,
    bot: BotClient,
) -> TurnMaker:
    return TurnMaker(
        retriever,
        correction,
        router,
        responders,
        Failure(phrases),
        Deadlines(
            settings.retrieval_deadline_s, settings.generation_deadline_s + _RESPONDER_SLACK_S
        ),
        lambda: {"encoder": _encoder_versions(retriever), "bot": bot.loaded},
    )


def _service(
    settings: Settings,
    log: ConversationLog,
    database: Database,
    threads: LogThreads,
    turns: TurnMaker,
    indexer: Indexer,
    bot: BotClient,
) -> ConversationService:
    return ConversationService(
        log=log,
        history=History(database),
        aftercare=Aftercare(database),
        threads=threads,
        turns=turns,
        ready=lambda: indexer.missing,
        forget=lambda conversation_id: _forget(bot, conversation_id),
        person=(settings.support_hours, settings.support_email),
        max_chars=settings.max_message_chars,
    )


def _gateway(settings: Settings, service: ConversationService) -> Gateway:
    assert settings.token_secret is not None
    return Gateway(
        service=service,
        settings=settings,
        tokens=Tokens(settings.token_secret, settings.token_ttl_s),
        origins=Origins(settings.allowed_origins),
        messages=RateLimit(settings.rate_per_minute, settings.rate_per_minute),
        addresses=RateLimit(settings.rate_per_minute_per_ip, settings.rate_per_minute_per_ip),
        connections=ConnectionLimit(settings.max_connections, settings.max_connections_per_ip),
    )


def _encoder_versions(retriever: Retriever) -> str | None:
    return "+".join(retriever.versions) if isinstance(retriever, HybridRetriever) else None


def _generator(settings: Settings, models: ModelStore) -> CTranslate2Generator | None:
    name = settings.generator
    if name == "none":
        return None
    return CTranslate2Generator(
        lambda: models.ensure(name), name=name, deadline_s=settings.generation_deadline_s
    )


def _composing(
    settings: Settings,
    generator: CTranslate2Generator | None,
    book: EntryBook,
    phrases: SmallTalk,
) -> Compose:
    composer = None
    if generator is not None:
        composer = Composer(generator, deadline_s=settings.generation_deadline_s)
    return Compose(composer, book, phrases, Decline(phrases))


def _responders(
    settings: Settings, book: EntryBook, phrases: SmallTalk, composing: Compose
) -> Responders:
    decline = Decline(phrases)
    return Responders(
        {
            "answer": Answer(book, phrases, decline),
            "compose": composing,
            "clarify": Clarify(book, phrases, decline),
            "chat": Chat(phrases),
            "flow": Flow(phrases),
            "insight": Insight(),
            "handoff": Handoff(phrases, settings.support_hours, settings.support_email),
            "decline": decline,
        }
    )


async def _forget(bot: BotClient, conversation_id: str) -> None:
    try:
        await bot.forget(conversation_id)
    except BotUnavailable as error:
        logger.warning("the bot could not be told to forget a conversation: %s", error)
