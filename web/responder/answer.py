"""``answer``: the entry that was found, word for word."""

from __future__ import annotations

from generation.smalltalk import SmallTalk
from web.conversation.draft import Draft
from web.entrybook import EntryBook
from web.responder.base import Responder, Turn, entries_of, shown, word_for_word


class Answer:
    """Gives the first entry of the directive; where it is gone by now, an honest no."""

    def __init__(self, book: EntryBook, phrases: SmallTalk, otherwise: Responder) -> None:
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
        draft.append(word_for_word(entries, turn, self._phrases))
        draft.cite(shown(entry, turn) for entry in entries)
