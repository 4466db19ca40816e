"""Starts a command so that it does not outlive whoever started it, even if that is killed.

``python guard.py PARENT_PID COMMAND…``: on Linux the kernel is asked to kill this process when its
parent ends (prctl(2), PR_SET_PDEATHSIG), then the command takes its place; elsewhere this process
stays and watches. Standard library alone, Python 3.10: it runs in both runtimes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_S = 0.5
_USAGE = 2


def main(arguments: list[str]) -> int:
    """Run the command; returns only where the kernel cannot do the watching."""
    if len(arguments) < 2:
        print("usage: guard.py PARENT_PID COMMAND…", file=sys.stderr)
        return _USAGE
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux" and tie_to_parent():
        if os.getppid() != parent:  # it ended before the kernel was asked
            return 1
        os.execv(command[0], command)  # noqa: S606 - the supervisor's own command
    return watch(parent, command)


def tie_to_parent() -> bool:
    """Ask the kernel to kill this process when the thread that started it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)


def watch(parent: int, command: list[str]) -> int:
    """Run the command as a child and kill it once our own parent is gone."""
    child = subprocess.Popen(command)  # noqa: S603 - the supervisor's own command
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    while child.poll() is None:
        if os.getppid() != parent:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            child.wait()
            return 1
        time.sleep(_LOOK_EVERY_S)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
