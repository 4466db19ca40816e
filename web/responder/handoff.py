"""``handoff``: the way to a person, with hours and an offer to write."""

from __future__ import annotations

from generation.smalltalk import SmallTalk
from web.conversation.draft import Draft
from web.responder.base import Turn, curated

_WHERE = {
    "en": "Our team is there {hours}; their address is {email}.",
    "zh": "人工客服时间：{hours}；邮箱：{email}。",
}


class Handoff:
    """Offers a person: hours and address are the operator's settings, never made up."""

    def __init__(self, phrases: SmallTalk, hours: str, email: str) -> None:
        self._phrases = phrases
        self._where = {lang: text.format(hours=hours, email=email) for lang, text in _WHERE.items()}

    async def respond(self, turn: Turn, draft: Draft) -> None:
        draft.offers_person = True
        lead, form = (
            curated(self._phrases, occasion, turn) for occasion in ("ask_person", "handoff")
        )
        where = self._where.get(turn.lang, self._where["en"])
        draft.append(f"{lead}\n\n{where}\n\n{form}")
