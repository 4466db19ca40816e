"""``answer``: the entry that was found, word for word."""

from __future__ import annotations

from web.conversation.draft import Draft
from web.entrybook import EntryBook
from web.responder.base import Phrases, Responder, Turn, entries_of, write_entries


class Answer:
    """Gives the first entry of the directive; where it is gone by now, an honest no."""

    def __init__(self, book: EntryBook, phrases: Phrases, otherwise: Responder) -> None:
        self._book = book
        self._phrases = phrases
        self._otherwise = otherwise

    async def respond(self, turn: Turn, draft: Draft) -> None:
        entries = entries_of(turn, self._book)[:1]
        if not entries:
            draft.route = "decline"
            draft.reason = "the entry was unpublished a moment ago"
            await self._otherwise.respond(turn, draft)
            return
        write_entries(entries, turn, draft, self._phrases)
