"""The newest correction of probabilities, for every message."""

from __future__ import annotations

import logging
from collections.abc import Callable

from web.conversation.storage import LogThreads
from web.corrections import AS_FITTED, CorrectionRecord

logger = logging.getLogger(__name__)


class Corrector:
    """Reads the correction from the store, so that a new one counts from the next message on."""

    def __init__(self, current: Callable[[], CorrectionRecord], threads: LogThreads) -> None:
        self._current = current
        self._threads = threads
        self._last = AS_FITTED

    async def newest(self) -> CorrectionRecord:
        """The newest; the last one read where the store cannot be."""
        try:
            self._last = await self._threads.run(self._current)
        except Exception:
            # A turn does not fail for it: the log says soon enough that the database is gone.
            logger.exception("the correction cannot be read; the last one is used")
        return self._last
