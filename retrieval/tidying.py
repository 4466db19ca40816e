"""How much work to do at a time while others wait."""

from __future__ import annotations

import time

_TURN_S = 0.004
_MOST = 1_024
_REST_S = 0.001


class Pace:
    """A context manager around one portion of work: the next ``number`` is half or double, so that
    a portion takes some four milliseconds on any machine."""

    def __init__(self) -> None:
        self.number = 16
        self._started = 0.0

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        took = time.perf_counter() - self._started
        if took > _TURN_S:
            self.number = max(1, self.number // 2)
        elif took < _TURN_S / 2:
            self.number = min(_MOST, self.number * 2)

    def rest(self) -> None:
        """Let go: a thread that takes a lock again at once keeps the others from it."""
        time.sleep(_REST_S)
