"""One conversation's way through this process: one writer, one answer at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from web.conversation.draft import Draft
from web.conversation.models import Earlier, Provenance, StoredMessage, UserMessage


@dataclass(slots=True)
class Job:
    """A message that waits for its answer, or whose answer is being made.

    ``ms`` carries milliseconds of stages; ``missed`` counts turns the bot has not been told of.
    ``history`` are the messages before it, where that was known when it was taken in: None where
    another message was still being answered.
    """

    message: UserMessage
    user: StoredMessage
    missed: int
    ms: dict[str, float]
    draft: Draft
    history: tuple[Earlier, ...] | None = None
    writing: asyncio.Task[tuple[Provenance, bool]] | None = None


@dataclass(slots=True)
class Lane:
    """The state of a conversation while something happens in it; dropped when nothing does.

    ``commit`` is held from a commit to the telling of it, so that events leave in the order of
    their ``seq``.
    """

    commit: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    jobs: deque[Job] = field(default_factory=deque)
    worker: asyncio.Task[None] | None = None
    typing: bool = False

    @property
    def idle(self) -> bool:
        """Whether nobody needs this lane any more."""
        return self.users == 0 and not self.jobs and self.worker is None

    def job(self, message_id: str) -> Job | None:
        """The job of a message, by the message's own id or by its answer's."""
        return next((j for j in self.jobs if message_id in (j.user.id, j.draft.id)), None)
