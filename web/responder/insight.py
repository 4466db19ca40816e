"""``insight``: what customers are saying. Numbers are given only where somebody counted."""

from __future__ import annotations

from web.conversation.draft import Draft
from web.responder.base import Turn

_NOTHING_COUNTED = {
    "en": "I can't say what customers are talking about: nothing has been counted here yet.",
    "zh": "我还说不出客户们在谈论什么：这里还没有做过统计。",
}


class Insight:
    """Says honestly that nothing has been counted."""

    async def respond(self, turn: Turn, draft: Draft) -> None:
        draft.append(_NOTHING_COUNTED.get(turn.lang, _NOTHING_COUNTED["en"]))
