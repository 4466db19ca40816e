"""The newest revision of a versioned record, read for every message."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from web.conversation.storage import LogThreads

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Newest(Generic[T]):
    """Reads a record from its store, so that an edit counts from the next message on.

    ``first`` stands in until it could be read once; ``name`` says in the log what it is.
    """

    def __init__(self, name: str, current: Callable[[], T], first: T, threads: LogThreads) -> None:
        self._name = name
        self._current = current
        self._last = first
        self._threads = threads

    async def read(self) -> T:
        """The newest; the last one read where the store cannot be."""
        try:
            self._last = await self._threads.run(self._current)
        except Exception:
            # A turn does not fail for it: the log says soon enough that the database is gone.
            logger.exception("the %s cannot be read; the last one is used", self._name)
        return self._last
