"""Who hears of what happens in a conversation, within this process."""

from __future__ import annotations

import logging
from collections.abc import Callable

from web.conversation.events import Event

logger = logging.getLogger(__name__)

Listener = Callable[[Event], None]


class Hub:
    """Passes events to all listeners of a conversation, in the order of publishing.

    Belongs to one event loop. A listener must not wait; one that raises is left out of nothing
    but that event, and the others hear it all the same.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, dict[object, Listener]] = {}

    def subscribe(self, conversation_id: str, listener: Listener) -> Callable[[], None]:
        """Hear all events from now on; returns the function that ends it."""
        key = object()
        self._listeners.setdefault(conversation_id, {})[key] = listener

        def unsubscribe() -> None:
            listeners = self._listeners.get(conversation_id, {})
            listeners.pop(key, None)
            if not listeners:
                self._listeners.pop(conversation_id, None)

        return unsubscribe

    def publish(self, conversation_id: str, event: Event) -> None:
        """Tell every listener of the conversation."""
        for listener in tuple(self._listeners.get(conversation_id, {}).values()):
            try:
                listener(event)
            except Exception:
                logger.exception("a listener failed on %s", type(event).__name__)
