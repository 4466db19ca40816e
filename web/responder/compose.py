"""``compose``: a reply of several entries, or one written by the generator through the gate."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from generation.compose import Composer, Piece, Replaced, Sentence
from generation.smalltalk import SmallTalk
from generation.types import GenerationRequest, Source
from web.conversation.draft import Draft
from web.entrybook import BookEntry, EntryBook
from web.responder.base import Responder, Turn, curated, entries_of, shown, word_for_word

_MAX_SOURCES = 3
_HISTORY = 4
#: Less likely than this, the best entry does not stand in for a reply that could not be written.
_LIKELY = 0.5


class Compose:
    """Writes from at most three entries, sentence by sentence through the gate.

    Where the message holds several questions and each found its entry, both answers are given word
    for word, one after the other; so are all of them without a generator.

    The composer is synchronous and runs in a thread of its own; it is told to stop when the
    visitor stops the answer.
    """

    def __init__(
        self,
        composer: Composer | None,
        book: EntryBook,
        phrases: SmallTalk,
        otherwise: Responder,
    ) -> None:
        self._composer = composer
        self._book = book
        self._phrases = phrases
        self._otherwise = otherwise
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="compose")

    async def respond(self, turn: Turn, draft: Draft) -> None:
        entries = entries_of(turn, self._book)[:_MAX_SOURCES]
        if not entries:
            draft.route, draft.reason = "decline", "the entries were unpublished a moment ago"
            await self._otherwise.respond(turn, draft)
            return
        if len(entries) > 1 and turn.evidence.features.get("parts", 1) > 1:
            opening = curated(self._phrases, "several", turn)
            draft.append(f"{opening}\n\n{word_for_word(entries, turn, self._phrases)}")
            draft.cite(shown(entry, turn) for entry in entries)
            return
        if self._composer is None:
            draft.route, draft.reason = "answer", "composing is turned off"
            draft.append(word_for_word(entries, turn, self._phrases))
            draft.cite(shown(entry, turn) for entry in entries)
            return
        await self._write(self._composer, entries, turn, draft)

    async def _write(
        self, composer: Composer, entries: Sequence[BookEntry], turn: Turn, draft: Draft
    ) -> None:
        by_id = {found.entry.id: found for found in entries}
        generator = composer.generator
        async for piece in self._pieces(composer, _request(entries, turn)):
            match piece:
                case Sentence(text, entry_ids):
                    draft.generator = f"{generator.name} {generator.version}"
                    draft.append(text)
                    # At once: a visitor who stops here keeps the text, and so its sources.
                    draft.cite(shown(by_id[i], turn) for i in entry_ids if i in by_id)
                case Replaced():
                    self._fall_back(piece, by_id, turn, draft)

    def _fall_back(
        self, piece: Replaced, by_id: dict[str, BookEntry], turn: Turn, draft: Draft
    ) -> None:
        """The best entry word for word, or an honest no, in place of what was written."""
        draft.generator = None
        draft.reason = f"not composed: {', '.join(piece.reasons)}"
        best = [by_id[i] for i in piece.entry_ids if i in by_id]
        if turn.directive.p < _LIKELY:
            best, piece = [], replace(piece, text=curated(self._phrases, "decline", turn))
        draft.route = "answer" if best else "decline"
        text = word_for_word(best, turn, self._phrases) or piece.text
        if draft.text:
            draft.replace(text)
        else:
            draft.append(text)
        draft.entries = []
        draft.cite(shown(entry, turn) for entry in best)

    async def _pieces(self, composer: Composer, request: GenerationRequest) -> AsyncIterator[Piece]:
        loop, cancel = asyncio.get_running_loop(), threading.Event()
        pieces: asyncio.Queue[Piece | None] = asyncio.Queue()

        def run() -> None:
            try:
                for piece in composer.compose(request, cancel):
                    loop.call_soon_threadsafe(pieces.put_nowait, piece)
            finally:
                loop.call_soon_threadsafe(pieces.put_nowait, None)

        running = loop.run_in_executor(self._threads, run)
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            await running
        finally:
            cancel.set()

    def close(self) -> None:
        """Give the threads back."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _request(entries: Sequence[BookEntry], turn: Turn) -> GenerationRequest:
    return GenerationRequest(
        text=turn.user.text,
        lang=turn.lang,
        sources=[
            Source(e.entry.id, e.entry.question, e.entry.answer, e.entry.lang) for e in entries
        ],
        history=[(m.role, m.text) for m in turn.history[-_HISTORY:]],
    )
