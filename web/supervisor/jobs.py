"""A process that does one thing and ends; its lines are handed on while it works."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

from web.supervisor.children import GUARD, LINE_LIMIT, Command, signal_group


async def run_job(command: Command, line: Callable[[str], None]) -> int:
    """Run ``command`` to its end, handing on what it prints; returns its exit code.

    Cancelling ends the process and all that it started.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *GUARD, str(os.getpid()), *command.arguments),
        cwd=command.folder,
        env=dict(command.environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        limit=LINE_LIMIT,
    )
    assert process.stdout is not None
    try:
        async for text in process.stdout:
            line(text.decode("utf-8", "replace").rstrip("\n"))
        return await process.wait()
    finally:
        signal_group(process.pid)
        await process.wait()
