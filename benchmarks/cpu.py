"""Processor time of the processes under load, by what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import psutil

#: What a word of its command line says of a process; the first that fits.
_ROLES = (
    ("web.app", "web"),
    ("run_rasa", "bot"),
    ("rasa_sdk", "action server"),
    ("rasa", "rasa"),
)


class CpuClock:
    """Reads the processor time that process trees have used since it was made."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._processes = {
            process: role_of(process) for root in roots for process in _tree(psutil.Process(root))
        }
        self._client = psutil.Process()
        self._before = self._read()

    def ms(self) -> Mapping[str, float]:
        """Milliseconds by role; ``client`` is this process."""
        now = self._read()
        return {role: 1000 * (now[role] - self._before[role]) for role in now}

    def _read(self) -> Counter[str]:
        used: Counter[str] = Counter()
        for process, role in [*self._processes.items(), (self._client, "client")]:
            times = process.cpu_times()
            used[role] += times.user + times.system
        return used


def role_of(process: psutil.Process) -> str:
    """What a process is in a benchmark."""
    words = " ".join(process.cmdline())
    return next((role for word, role in _ROLES if word in words), "supervisor")


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]
