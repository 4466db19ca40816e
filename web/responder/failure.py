"""``error``: something of ours broke; said plainly, in the visitor's language."""

from __future__ import annotations

from generation.smalltalk import SmallTalk
from web.conversation.draft import Draft
from web.responder.base import Turn, curated


class Failure:
    """Puts an apology in place of whatever was written."""

    def __init__(self, phrases: SmallTalk) -> None:
        self._phrases = phrases

    async def respond(self, turn: Turn, draft: Draft) -> None:
        sorry = curated(self._phrases, "error", turn)
        if draft.text:
            draft.replace(sorry)
        else:
            draft.append(sorry)
