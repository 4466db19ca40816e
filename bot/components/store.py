"""The tracker store: live trackers in memory, a snapshot on disk after every turn."""

from __future__ import annotations

import json
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    Event,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.components.journal import Journal

logger = logging.getLogger(__name__)

_DAY_S = 86_400.0


class LiveTrackerStore(TrackerStore):  # type: ignore[misc]
    """Keeps the live tracker objects of the conversations talked to last.

    Rasa's own stores rebuild a tracker from its events at every turn, and the cost of a turn
    grows with the conversation. Here a turn finds its tracker as the last one left it; only the
    turn's new events are written. When a tracker passes ``max_events``, the older turns are folded
    into the slots and the open form they left behind.

    Configured in ``endpoints.yml``::

        tracker_store:
          type: bot.components.store.LiveTrackerStore
          folder: ${GRAPEVINE_BOT_STATE}

    Args:
        folder: where the snapshots live. Raises JournalError where it cannot be used.
        max_live: trackers kept in memory; the others are read from disk when they come back.
        max_events: events a tracker may hold before its older turns are folded.
        keep_days: snapshots not touched for so long are deleted on start.
    """

    def __init__(
        self,
        domain: Domain | None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        folder: str = "",
        max_live: int = 400,
        max_events: int = 60,
        keep_days: int = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self._journal = Journal(Path(folder))
        self._journal.forget_before(time.time() - keep_days * _DAY_S)
        self._live: OrderedDict[str, DialogueStateTracker] = OrderedDict()
        self._written: dict[str, int] = {}
        self._max_live = max_live
        self._max_events = max_events

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The live tracker, or the one restored from its snapshot, or None."""
        tracker = self._live.get(sender_id)
        if tracker is None:
            stored = self._journal.read(sender_id)
            if not stored:
                return None
            tracker = self._rebuild(sender_id, deserialise_events(map(json.loads, stored)))
            self._remember(tracker, len(stored))
        else:
            self._live.move_to_end(sender_id)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write what is new since the last save."""
        sender_id = tracker.sender_id
        await self.stream_events(tracker)
        written = self._written.get(sender_id, 0)
        if len(tracker.events) > self._max_events:
            tracker = self._folded(tracker)
            self._journal.replace(sender_id, _dumps(list(tracker.events)))
        elif len(tracker.events) > written:
            new = list(tracker.events)[written:]
            self._journal.append(sender_id, written, _dumps(new))
        self._remember(tracker, len(tracker.events))

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        return self._journal.conversations()

    def discard(self, sender_id: str) -> None:
        """Drop the live tracker, so that the next turn starts from the last snapshot.

        Called when a turn failed half-way and left its tracker in between.
        """
        self._live.pop(sender_id, None)
        self._written.pop(sender_id, None)

    def forget(self, sender_id: str) -> None:
        """Delete a conversation, in memory and on disk."""
        self.discard(sender_id)
        self._journal.forget(sender_id)

    async def stream_events(self, tracker: DialogueStateTracker) -> None:
        """Publish the new events where a broker is configured.

        The stored tracker is the very object that is being saved, so the difference that the
        parent class takes between the two would always be empty.
        """
        if self.event_broker is not None:
            new = list(tracker.events)[self._written.get(tracker.sender_id, 0) :]
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)

    def _remember(self, tracker: DialogueStateTracker, written: int) -> None:
        self._live[tracker.sender_id] = tracker
        self._live.move_to_end(tracker.sender_id)
        self._written[tracker.sender_id] = written
        while len(self._live) > self._max_live:
            oldest, _ = self._live.popitem(last=False)
            self._written.pop(oldest, None)

    def _rebuild(self, sender_id: str, events: list[Event]) -> DialogueStateTracker:
        tracker = self.init_tracker(sender_id)
        for event in events:
            tracker.update(event)
        return tracker

    def _folded(self, tracker: DialogueStateTracker) -> DialogueStateTracker:
        """The tracker with its older half replaced by the state it led to.

        The cut lies before a message of the visitor, so that whole turns are kept.
        """
        events = list(tracker.events)
        cut = next(
            (
                i
                for i in range(len(events) - self._max_events // 2, len(events))
                if isinstance(events[i], UserUttered)
            ),
            None,
        )
        if cut is None:
            return tracker
        before = self._rebuild(tracker.sender_id, events[:cut])
        state: list[Event] = [
            SlotSet(slot.name, slot.value)
            for slot in before.slots.values()
            if slot.value is not None and slot.value != slot.initial_value
        ]
        if before.active_loop_name:
            state.append(ActiveLoop(before.active_loop_name))
        state.append(ActionExecuted(ACTION_LISTEN_NAME))
        for event in state:
            event.timestamp = events[cut].timestamp
        return self._rebuild(tracker.sender_id, state + events[cut:])


def _dumps(events: list[Event]) -> list[str]:
    return [json.dumps(event.as_dict()) for event in events]
