"""``clarify``: "did you mean …", with two or three entries to choose from."""

from __future__ import annotations

from generation.smalltalk import SmallTalk
from web.conversation.draft import Draft
from web.conversation.models import Option
from web.entrybook import EntryBook
from web.responder.base import Responder, Turn, curated, entries_of, shown
from web.responder.difference import difference

_MAX_OPTIONS = 3
#: How two pieces are quoted, and how the last one is joined to those before it.
_QUOTED = {"en": ("“{}”", ", ", " or "), "zh": ("“{}”", "、", "还是")}


class Clarify:
    """Asks which entry is meant, by their difference where it can be said in a few words; a
    button's label is the entry's question."""

    def __init__(self, book: EntryBook, phrases: SmallTalk, otherwise: Responder) -> None:
        self._book = book
        self._phrases = phrases
        self._otherwise = otherwise

    async def respond(self, turn: Turn, draft: Draft) -> None:
        entries = entries_of(turn, self._book)[:_MAX_OPTIONS]
        if not entries:
            draft.route = "decline"
            draft.reason = "the entries were unpublished a moment ago"
            await self._otherwise.respond(turn, draft)
            return
        draft.options = [Option(entry_id=e.entry.id, label=e.entry.question) for e in entries]
        draft.cite(shown(entry, turn) for entry in entries)
        pieces = difference([e.entry.question for e in entries])
        if pieces is None:
            draft.append(curated(self._phrases, "clarify", turn))
            return
        quoted, comma, last = _QUOTED[turn.lang]
        named = [quoted.format(piece) for piece in pieces]
        options = comma.join(named[:-1]) + last + named[-1]
        draft.append(curated(self._phrases, "clarify_between", turn).replace("{options}", options))
