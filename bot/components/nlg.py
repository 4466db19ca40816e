"""The words of the bot: a directive for the responder, or a finished text in two languages."""

from __future__ import annotations

import random
from typing import Any

from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot import keywords
from bot.components.policy import SAY
from bot.components.turn import TURN_SLOT


class DirectiveNLG(NaturalLanguageGenerator):  # type: ignore[misc]
    """Answers ``utter_directive`` with the decision, and every other response with its text.

    A response of the domain names its language in ``metadata: {lang: …}``; one without it serves
    both. ``{order_number}`` and the like are filled from the slots.
    """

    def __init__(
        self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None
    ) -> None:
        self._responses: dict[str, list[dict[str, Any]]] = domain.responses if domain else {}

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        if utter_action == SAY:
            directives = (tracker.get_slot(TURN_SLOT) or {}).get("directives") or []
            return {"custom": directives[0]} if directives else None
        lang = language_of(tracker)
        variants = kwargs.get("domain_responses") or self._responses
        suited = [
            r
            for r in variants.get(utter_action, [])
            if (r.get("metadata") or {}).get("lang", lang) == lang
        ]
        if not suited:
            return None
        # Seeded, so that the same turn is worded the same when it is played again.
        chosen = random.Random(tracker.latest_message.message_id).choice(suited)  # noqa: S311
        return {"text": _filled(chosen["text"], tracker)}


def language_of(tracker: DialogueStateTracker) -> str:
    """The language to answer the latest message in."""
    message = tracker.latest_message
    told = (message.metadata or {}).get("lang")
    return told or keywords.language(message.text or "")


def _filled(text: str, tracker: DialogueStateTracker) -> str:
    for name, slot in tracker.slots.items():
        if isinstance(slot.value, str):
            text = text.replace("{" + name + "}", slot.value)
    return text
