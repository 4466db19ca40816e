"""What waits to be sent to one connection; bounded, so that a slow reader harms nobody else."""

from __future__ import annotations

import asyncio
from collections import deque

MAX_FRAMES = 1024
MAX_BYTES = 4 * 1024 * 1024


class Outbox:
    """Frames in order, then perhaps a close code; ``overflown`` once the bound was passed."""

    def __init__(self, max_frames: int = MAX_FRAMES, max_bytes: int = MAX_BYTES) -> None:
        self._frames: deque[str] = deque()
        self._bytes = 0
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._closing: tuple[int, str] | None = None
        self._filled = asyncio.Event()
        self.overflown = asyncio.Event()

    def put(self, frame: str) -> None:
        """Add a frame; nothing is added after :meth:`close`."""
        if self._closing is not None or self.overflown.is_set():
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        if len(self._frames) > self._max_frames or self._bytes > self._max_bytes:
            self.overflown.set()
        self._filled.set()

    def close(self, code: int, reason: str) -> None:
        """End after the frames that wait already."""
        self._closing = self._closing or (code, reason)
        self._filled.set()

    async def next(self) -> str | tuple[int, str]:
        """The next frame, or the close code and reason once all frames were taken."""
        while not self._frames:
            if self._closing is not None:
                return self._closing
            self._filled.clear()
            await self._filled.wait()
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        return frame
