"""A process that is kept running: started, logged, restarted with back-off, and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from web.supervisor.errors import ChildFailed
from web.supervisor.logs import ChildLog

log = logging.getLogger(__name__)

#: Put before a command: it then ends with us. Isolated, so that its folder is not on the path.
GUARD = ("-I", str(Path(__file__).with_name("guard.py")))
#: Longest line of a process that is read, in bytes.
LINE_LIMIT = 1 << 20
_PROBE_EVERY_S = 0.15


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds.

    A child that ran for ``stable_s`` starts again at ``first_s``; each further failure doubles
    the pause, up to ``longest_s``. After ``attempts`` ends in a row before a child ever answered,
    it is given up.
    """

    first_s: float = 0.5
    longest_s: float = 30.0
    stable_s: float = 60.0
    grace_s: float = 10.0
    attempts: int = 4


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: program and arguments, its folder and its whole environment."""

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(repr=False)


class Child:
    """One supervised process.

    ``ready`` is asked until it says True; ``answering`` is set from then on until the process
    ends. Everything the process prints goes to ``output``.
    """

    def __init__(
        self,
        name: str,
        command: Command,
        ready: Callable[[], Awaitable[bool]],
        output: ChildLog,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.answering = asyncio.Event()
        self.restarts = 0
        self._command = command
        self._ready = ready
        self._output = output
        self._patience = patience or Patience()
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._last_lines: deque[str] = deque(maxlen=15)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Keep the process running until :meth:`stop`. Raises ChildFailed if it never answers."""
        failures, answered_once = 0, False
        while not self._stopping.is_set():
            began = time.monotonic()
            answered, code = await self._run_once()
            if self._stopping.is_set():
                return
            answered_once = answered_once or answered
            long_enough = time.monotonic() - began >= self._patience.stable_s
            failures = 1 if long_enough else failures + 1
            if not answered_once and failures >= self._patience.attempts:
                raise ChildFailed(self._given_up(code))
            pause = min(self._patience.first_s * 2 ** (failures - 1), self._patience.longest_s)
            log.warning("%s ended with %s; starting it again in %.1f s", self.name, code, pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            self.restarts += 1

    async def stop(self) -> None:
        """Ask the whole process group to end; kill what is left after the grace period."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), self._patience.grace_s)
        signal_group(process.pid)
        await process.wait()

    async def _run_once(self) -> tuple[bool, int]:
        """Start the process and wait for its end: whether it ever answered, and its exit code."""
        command = self._command
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, *GUARD, str(os.getpid()), *command.arguments),
            cwd=command.folder,
            env=dict(command.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=LINE_LIMIT,
        )
        probing = asyncio.create_task(self._probe())
        try:
            await self._copy_output(process)
            code = await process.wait()
        finally:
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)
        answered = self.answering.is_set()
        self.answering.clear()
        # What it started itself must not hold the port of its successor.
        signal_group(process.pid)
        return answered, code

    async def _probe(self) -> None:
        while not await self._ready():
            await asyncio.sleep(_PROBE_EVERY_S)
        self.answering.set()

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit: asyncio dropped it
                line = b"(a line of more than 1 MB was left out)\n"
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            self._last_lines.append(text)
            self._output.write(text)

    def _given_up(self, code: int) -> str:
        said = "\n".join(f"  {line}" for line in self._last_lines)
        return (
            f"The {self.name} process ended {self._patience.attempts} times (last with {code}) "
            f"before it could answer. Its last words:\n{said}\nAll of them are in "
            f"{self._output.path}; 'grapevine doctor' looks for the usual causes."
        )


def signal_group(pid: int, number: int = signal.SIGKILL) -> None:
    """Signal a process and all that it started, if any of it is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
