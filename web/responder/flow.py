"""``flow``: the forms. Their words come from the bot; without it, a form cannot go on."""

from __future__ import annotations

from generation.smalltalk import SmallTalk
from web.conversation.draft import Draft
from web.responder.base import Turn, curated


class Flow:
    """Says that forms are paused; reached only where the bot gave no text."""

    def __init__(self, phrases: SmallTalk) -> None:
        self._phrases = phrases

    async def respond(self, turn: Turn, draft: Draft) -> None:
        draft.append(curated(self._phrases, "degraded", turn))
