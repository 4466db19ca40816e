"""``decline``: an honest no. The log keeps the route, which makes the message a known gap."""

from __future__ import annotations

from generation.smalltalk import SmallTalk
from web.conversation.draft import Draft
from web.responder.base import Turn, curated


class Decline:
    """Says that there is no answer here, and offers the way on."""

    def __init__(self, phrases: SmallTalk) -> None:
        self._phrases = phrases

    async def respond(self, turn: Turn, draft: Draft) -> None:
        none_of_these = bool(turn.history) and bool(turn.history[-1].options)
        occasion = "clarify_none" if none_of_these and turn.directive.p >= 1.0 else "decline"
        draft.append(curated(self._phrases, occasion, turn))
