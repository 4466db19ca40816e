"""``chat``: small talk, curated."""

from __future__ import annotations

from generation.smalltalk import SmallTalk
from web.conversation.draft import Draft
from web.responder.base import Turn, curated


class Chat:
    """A friendly sentence that fits the intent."""

    def __init__(self, phrases: SmallTalk) -> None:
        self._phrases = phrases

    async def respond(self, turn: Turn, draft: Draft) -> None:
        known = turn.directive.intent in self._phrases.intents
        occasion = turn.directive.intent if known and turn.directive.intent else "chat"
        draft.append(curated(self._phrases, occasion, turn))
