"""``error``: something of ours broke; said plainly, in the visitor's language."""

from __future__ import annotations

from web.conversation.draft import Draft
from web.responder.base import Phrases, Turn


class Failure:
    """Puts an apology in place of whatever was written."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases

    async def respond(self, turn: Turn, draft: Draft) -> None:
        sorry = self._phrases.phrase("error", turn.lang, turn.user.id)
        if draft.text:
            draft.replace(sorry)
        else:
            draft.append(sorry)
