"""``chat``: small talk, curated."""

from __future__ import annotations

from web.conversation.draft import Draft
from web.responder.base import Phrases, Turn


class Chat:
    """A friendly sentence that fits the intent."""

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases

    async def respond(self, turn: Turn, draft: Draft) -> None:
        occasion = turn.directive.intent or "chat"
        draft.append(self._phrases.phrase(occasion, turn.lang, turn.user.id))
