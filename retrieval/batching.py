"""Forward passes that wait for the model at the same time are run as one.

A pass over four texts takes little more than half the time of four passes. Nobody waits for
company: whoever finds the model free starts at once, and takes along what has queued up since.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Ids = Sequence[Sequence[int]]
Hidden = NDArray[np.float32]

#: Below this width the model's kernels sum in another order: a narrow pass that is padded into a
#: wide one would come out a little different, and with it the answer under load.
_NARROW = 16
#: Passes of more padded tokens than this gain nothing from company, and would hold it up.
_LARGE = 512


def by_length(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Numbers of texts in batches, those of like length together to spare padding.

    A batch, padded to its longest text, has at most ``most_tokens`` tokens, or a single text.
    """
    order = sorted(range(len(lengths)), key=lambda number: lengths[number])
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and lengths[order[stop]] * (stop + 1 - start) <= most_tokens:
            stop += 1
        yield order[start:stop]
        start = stop


class _Job:
    """One caller's texts, and the hidden states or the error that became of them."""

    __slots__ = ("done", "error", "hidden", "ids", "width")

    def __init__(self, ids: Ids, width: int) -> None:
        self.ids = ids
        self.width = width
        self.hidden: Hidden | None = None
        self.error: Exception | None = None
        self.done = False


class Batcher:
    """Calls ``forward`` for any number of threads, joining what fits.

    Args:
        forward: token ids of texts to hidden states ``(texts, width, dim)``.
    """

    def __init__(self, forward: Callable[[Ids], Hidden]) -> None:
        self._forward = forward
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []
        self._busy = False

    def __call__(self, ids: Ids) -> Hidden:
        """The hidden states of ``ids``; the same numbers whoever else is served with them."""
        width = max(map(len, ids))
        if width < _NARROW or width * len(ids) > _LARGE:
            return self._forward(ids)
        job = _Job(ids, width)
        with self._changed:
            self._waiting.append(job)
            while self._busy and not job.done:
                self._changed.wait()
            if not job.done:
                self._busy = True
        if not job.done:
            self._lead(job)
        if job.error is not None:
            raise job.error
        assert job.hidden is not None
        return job.hidden

    def _lead(self, own: _Job) -> None:
        """Run ``own`` with as many of the others as fit beside it."""
        with self._changed:
            jobs = self._take(own)
        try:
            _run(self._forward, jobs)
        except Exception as error:  # noqa: BLE001 - each caller is handed it
            for job in jobs:
                job.error = error
        finally:
            with self._changed:
                for job in jobs:
                    job.done = True
                self._busy = False
                self._changed.notify_all()

    def _take(self, own: _Job) -> list[_Job]:
        taken, width, texts = [own], own.width, len(own.ids)
        for job in self._waiting:
            wider = max(width, job.width)
            if job is not own and wider * (texts + len(job.ids)) <= _LARGE:
                taken.append(job)
                width, texts = wider, texts + len(job.ids)
        self._waiting = [job for job in self._waiting if job not in taken]
        return taken


def _run(forward: Callable[[Ids], Hidden], jobs: Sequence[_Job]) -> None:
    hidden = forward([ids for job in jobs for ids in job.ids])
    at = 0
    for job in jobs:
        job.hidden = hidden[at : at + len(job.ids), : job.width]
        at += len(job.ids)
