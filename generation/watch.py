"""Reading a stream that may hang: its own thread, a deadline, a way to stop it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

from generation.errors import GenerationTimeout
from generation.types import GenerationRequest, Generator

_POLL_S = 0.05
_JOIN_S = 0.5


def watched(
    generator: Generator, request: GenerationRequest, cancel: threading.Event, deadline: float
) -> Iterator[str]:
    """Pieces of ``generator.stream`` until done, ``cancel`` or ``deadline`` (monotonic seconds).

    A generator that hangs is left to its daemon thread and told to stop. Raises
    GenerationTimeout at the deadline, and whatever the generator raised.
    """
    stop = threading.Event()
    pieces: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            for piece in generator.stream(request, stop):
                pieces.put(piece)
                if stop.is_set():
                    break
            pieces.put(None)
        except Exception as error:  # noqa: BLE001 - handed to the reader, who raises it
            pieces.put(error)

    worker = threading.Thread(target=work, name="generation", daemon=True)
    worker.start()
    try:
        while not cancel.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                raise GenerationTimeout("the model did not finish before the deadline")
            try:
                piece = pieces.get(timeout=min(left, _POLL_S))
            except queue.Empty:
                continue
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise piece
            yield piece
    finally:
        stop.set()
        worker.join(_JOIN_S)
