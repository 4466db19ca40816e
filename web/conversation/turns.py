"""One turn: from a message in the log to the words of its answer.

retrieval (in threads of its own) -> bot -> responder. Each stage has a deadline; a stage that
fails makes the answer poorer, never silent, and is told in the provenance.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from bot.routing import fallback_reading
from retrieval.correction import corrected, whole_of
from retrieval.types import Evidence, Lang, Ranked, Retriever
from web.conversation.draft import Draft
from web.conversation.models import Earlier, Provenance, StoredMessage, UserMessage
from web.conversation.newest import Newest
from web.conversation.routing import Asked, Routed, Router
from web.corrections import CorrectionRecord
from web.responder.base import Directive, Responder, Responders, Turn
from web.security.text import has_words

logger = logging.getLogger(__name__)

_RANKING = 10
_HISTORY_TURNS = 4
_SEARCHES = 8


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Longest wait for a stage, in seconds. The bot's own stands in its client."""

    retrieval_s: float
    responder_s: float


@dataclass(frozen=True, slots=True)
class _Searched:
    """What retrieval gave, the revision of the correction that was then applied to it, and what
    went wrong."""

    uncorrected: Evidence
    revision: int
    lost: str | None


class TurnMaker:
    """Makes answers. Knows nothing of channels, of the log's order or of who listens."""

    def __init__(
        self,
        retriever: Retriever,
        correction: Newest[CorrectionRecord],
        router: Router,
        responders: Responders,
        failure: Responder,
        deadlines: Deadlines,
        models: Callable[[], Mapping[str, str | None]],
    ) -> None:
        self._retriever = retriever
        self._correction = correction
        self._router = router
        self._responders = responders
        self._failure = failure
        self._deadlines = deadlines
        self._models = models
        # The encoder runs one pass at a time, and what waits for it shares the next one.
        self._threads = ThreadPoolExecutor(_SEARCHES, thread_name_prefix="retrieval")

    def close(self) -> None:
        """Give the threads back."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def make(
        self,
        message: UserMessage,
        user: StoredMessage,
        history: tuple[Earlier, ...],
        missed: int,
        draft: Draft,
        ms: dict[str, float],
    ) -> tuple[Provenance, bool]:
        """Write the answer to ``user`` into ``draft``.

        Returns its provenance, and whether the bot took no part and has to be told later. ``ms``
        holds the milliseconds of earlier stages and is filled with those of this one.
        """
        if not has_words(user.text) and message.selected_entry_id is None:
            return await self._without_words(message, user, draft, ms), False
        (evidence, lost), newest = await asyncio.gather(
            self._search(message, user, history, ms), self._correction.read()
        )
        searched = _Searched(evidence, newest.revision, lost)
        evidence = corrected(evidence, newest.correction)
        asked = Asked(message, user, message.lang or evidence.lang, evidence, history, missed)
        routed = await self._router.route(asked)
        ms["bot"] = round(routed.ms, 2)
        provenance = await self._write(asked, routed, searched, draft, ms)
        return provenance, routed.degraded

    async def _search(
        self,
        message: UserMessage,
        user: StoredMessage,
        history: tuple[Earlier, ...],
        ms: dict[str, float],
    ) -> tuple[Evidence, str | None]:
        started = time.perf_counter()
        said = [m.text for m in history if m.role == "user"]
        earlier = [*message.context, *said][-_HISTORY_TURNS:]
        search = partial(
            self._retriever.search, user.text, history=earlier, lang=message.lang, limit=_RANKING
        )
        lost = None
        try:
            async with asyncio.timeout(self._deadlines.retrieval_s):
                loop = asyncio.get_running_loop()
                evidence = await loop.run_in_executor(self._threads, search)
        except TimeoutError:
            lost = f"retrieval took longer than {self._deadlines.retrieval_s:g} s"
        except Exception as error:
            logger.exception("retrieval failed")
            lost = f"retrieval failed: {type(error).__name__}"
        if lost is not None:
            evidence = _nothing_found(user.text, message.lang)
        ms["retrieval"] = round((time.perf_counter() - started) * 1000, 2)
        return evidence, lost

    async def _write(
        self,
        asked: Asked,
        routed: Routed,
        searched: _Searched,
        draft: Draft,
        ms: dict[str, float],
    ) -> Provenance:
        started = time.perf_counter()
        first = routed.directives[0]
        route, reason = first.route, first.reason
        try:
            async with asyncio.timeout(self._deadlines.responder_s):
                for position, directive in enumerate(routed.directives):
                    if position:
                        draft.append("\n\n")
                    await self._responders.respond(_turn(asked, directive, routed.degraded), draft)
        except asyncio.CancelledError:
            if not draft.stopped:
                raise
            reason = f"{reason}; stopped by the visitor"
        except Exception as error:
            logger.exception("the responder of %s failed", first.route)
            route, reason = "error", f"the responder failed: {type(error).__name__}"
            draft.route, draft.reason = None, None
            draft.options, draft.entries = [], []
            await self._failure.respond(_turn(asked, first, routed.degraded), draft)
        ms["responder"] = round((time.perf_counter() - started) * 1000, 2)
        ranked, first_p = asked.evidence.ranked, first.p if first.route == "answer" else 0.0
        none = whole_of(searched.uncorrected)
        return Provenance(
            route=draft.route or route,
            # P(the best entry answers), on every route; a chosen button is sure by itself.
            p=ranked[0].p if ranked else first_p,
            reason="; ".join(filter(None, (draft.reason or reason, searched.lost))),
            lang=asked.lang,
            degraded=routed.degraded or searched.lost is not None,
            entries=tuple(draft.entries),
            ranking=_ranking(ranked, searched.uncorrected.ranked),
            none=None if none is None else round(none, 6),
            costs_revision=routed.costs_revision,
            correction_revision=searched.revision,
            models=self._used(draft, routed.degraded),
            ms=ms,
        )

    def _used(self, draft: Draft, without_bot: bool) -> dict[str, str | None]:
        used = dict(self._models()) | {"generator": draft.generator}
        return used | {"bot": None} if without_bot else used

    async def _without_words(
        self, message: UserMessage, user: StoredMessage, draft: Draft, ms: dict[str, float]
    ) -> Provenance:
        """Emoji or punctuation alone: nothing to search for, but no reason to be silent."""
        evidence = _nothing_found(user.text, message.lang)
        directive = Directive("chat", reason="the message holds no words", intent="no_words")
        await self._responders.respond(
            Turn(user=user, lang=evidence.lang, evidence=evidence, directive=directive), draft
        )
        return Provenance(route="chat", p=0.0, reason=directive.reason, lang=evidence.lang, ms=ms)


def _ranking(
    ranked: Sequence[Ranked], uncorrected: Sequence[Ranked]
) -> tuple[dict[str, object], ...]:
    return tuple(
        {
            "id": one.entry_id,
            "p": round(one.p, 4),
            "score": round(one.score, 4),
            "uncorrected": round(before.p, 6),
        }
        for one, before in zip(ranked, uncorrected, strict=True)
    )


def _turn(asked: Asked, directive: Directive, degraded: bool) -> Turn:
    return Turn(
        user=asked.user,
        lang=asked.lang,
        evidence=asked.evidence,
        directive=directive,
        history=asked.history,
        degraded=degraded,
    )


def _nothing_found(text: str, lang: Lang | None) -> Evidence:
    guessed: Lang = "zh" if fallback_reading(text).lang == "zh" else "en"
    return Evidence(text=text, query=text, lang=lang or guessed, ranked=())
