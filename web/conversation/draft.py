"""An answer while it is being written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from web.conversation import ids
from web.conversation.events import Delta, Event, Replace, Unfinished
from web.conversation.models import EntryShown, Option, Provenance, Route, StoredMessage


class Draft:
    """The text so far, and what will be committed with it; every change is told at once.

    ``route`` is set by a responder that ended up on another route than the one it was asked
    for. ``offers_person`` makes the channels offer the way to a person.
    """

    def __init__(self, user: StoredMessage, publish: Callable[[Event], None]) -> None:
        self.id = ids.message_id()
        self.user = user
        self.text = ""
        self.stopped = False
        self.route: Route | None = None
        self.reason: str | None = None
        self.entries: list[EntryShown] = []
        self.options: list[Option] = []
        self.generator: str | None = None
        self.offers_person = False
        self._publish = publish

    def append(self, text: str) -> None:
        """Write on."""
        if text:
            offset = len(self.text)
            self.text += text
            self._publish(Delta(self.id, self.user.id, offset, text))

    def replace(self, text: str) -> None:
        """Put ``text`` in place of all that was written."""
        self.text = text
        self._publish(Replace(self.id, self.user.id, text))

    def cite(self, entries: Iterable[EntryShown]) -> None:
        """Name the entries that the answer stands on, each once."""
        known = {entry.id for entry in self.entries}
        self.entries += [entry for entry in entries if entry.id not in known]

    @property
    def unfinished(self) -> Unfinished:
        """What a channel that joins now has to catch up on."""
        return Unfinished(self.id, self.user.id, self.text)

    def finished(self, provenance: Provenance | None) -> StoredMessage:
        """The answer as it goes into the log, which gives it its ``seq``."""
        return StoredMessage(
            id=self.id,
            conversation_id=self.user.conversation_id,
            seq=0,
            role="assistant",
            text=self.text,
            created_at=datetime.now(UTC),
            reply_to=self.user.id,
            options=tuple(self.options),
            provenance=provenance,
            stopped=self.stopped,
        )
