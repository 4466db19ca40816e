"""Which way a message is answered: the bot decides, and the same rule here while it is down."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from bot.routing import (
    MAX_TEXT,
    CostMatrix,
    EvidenceDigest,
    decide,
    fallback_reading,
)
from retrieval.types import Evidence
from web.botclient import BotClient, BotTurn, BotUnavailable
from web.conversation.digest import digest
from web.conversation.log import ConversationLog
from web.conversation.models import Earlier, StoredMessage, UserMessage
from web.conversation.newest import Newest
from web.conversation.storage import LogThreads
from web.entrybook import EntryBook
from web.responder.base import Directive, as_route

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A message on its way: as the channel gave it, as the log keeps it, and what is known."""

    message: UserMessage
    user: StoredMessage
    lang: str
    evidence: Evidence
    history: tuple[Earlier, ...]
    missed: int


@dataclass(frozen=True, slots=True)
class Routed:
    """What to do, in the order in which it is said; ``degraded`` where the bot took no part."""

    directives: tuple[Directive, ...]
    degraded: bool
    costs_revision: int
    ms: float


class Router:
    """Asks the bot; goes on without it when it does not answer."""

    def __init__(
        self,
        bot: BotClient,
        costs: Newest[CostMatrix],
        log: ConversationLog,
        threads: LogThreads,
        book: EntryBook,
    ) -> None:
        self._bot = bot
        self._costs = costs
        self._log = log
        self._threads = threads
        self._book = book

    async def route(self, asked: Asked) -> Routed:
        """Decide; never fails for the bot's sake. Raises LogUnavailable."""
        started = time.perf_counter()
        costs = await self._costs.read()
        evidence = digest(asked.evidence, self._translation_of)
        missed = (
            await self._threads.run(self._log.missed, asked.user.conversation_id)
            if asked.missed
            else ()
        )
        turn = BotTurn(
            conversation_id=asked.user.conversation_id,
            message_id=asked.user.id,
            text=asked.user.text[:MAX_TEXT],
            lang=asked.lang,
            evidence=evidence,
            costs=costs.to_dict(),
            selected_entry_id=asked.message.selected_entry_id,
            missed=[
                {"message_id": m.message_id, "text": m.text[:MAX_TEXT], "reply": m.reply}
                for m in missed
            ],
        )
        degraded = False
        try:
            reply = await self._bot.turn(turn)
            directives = tuple(
                Directive(d.route, d.entry_ids, d.p, d.reason, d.text, d.intent)
                for d in reply.directives
            )
            if missed:
                await self._threads.run(self._log.told, asked.user.conversation_id)
        except BotUnavailable as error:
            logger.warning("answering without the bot: %s", error)
            degraded = True
            directives = self._decide_here(asked, EvidenceDigest.from_dict(evidence), costs)
        ms = (time.perf_counter() - started) * 1000
        return Routed(directives, degraded, costs.revision, ms)

    def _decide_here(
        self, asked: Asked, evidence: EvidenceDigest, costs: CostMatrix
    ) -> tuple[Directive, ...]:
        """The bot's own rule, on keywords in place of its classifier; forms are not known here."""
        last = asked.history[-1] if asked.history else None
        decision = decide(
            evidence,
            fallback_reading(asked.user.text, asked.lang),
            costs,
            selected_entry_id=asked.message.selected_entry_id,
            pending=[option.entry_id for option in last.options] if last else [],
        )
        return tuple(
            Directive(as_route(d.route), d.entry_ids, d.p, d.reason, d.text, d.intent)
            for d in decision.directives
        )

    def _translation_of(self, entry_id: str) -> str | None:
        found = self._book.get(entry_id)
        return found.entry.translation_of if found else None
