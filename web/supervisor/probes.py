"""Asking a process on this machine whether it can answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

#: Asked again and again until it says True.
Question = Callable[[], Awaitable[bool]]

_TIMEOUT_S = 2.0
_OK = b"200"


def ok(url: str) -> Question:
    """A question that is answered with True once a GET of ``url`` gives 200."""

    async def asked() -> bool:
        return await _get(url) is not None

    return asked


def member(url: str, name: str) -> Question:
    """As :func:`ok`, and the JSON document's ``name`` has to be true as well."""

    async def asked() -> bool:
        body = await _get(url)
        if body is None:
            return False
        try:
            return bool(json.loads(body)[name])
        except (ValueError, KeyError, TypeError):
            return False

    return asked


async def fault(url: str) -> str | None:
    """What a process that cannot answer says is wrong at ``url``, beyond being not ready yet."""
    answer = await _ask(url)
    try:
        return str(json.loads(answer[1])["parts"]["fault"]) if answer else None
    except (ValueError, KeyError, TypeError):
        return None


async def _get(url: str) -> bytes | None:
    """The body of a 200 answer, None for anything else."""
    answer = await _ask(url)
    return answer[1] if answer and answer[0] == _OK else None


async def _ask(url: str) -> tuple[bytes, bytes] | None:
    """Status and body of any answer; by hand, so that no client is loaded."""
    parts = urlsplit(url)
    request = f"GET {parts.path or '/'} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n"
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                writer.write(request.encode())
                answer = await reader.read()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    return (words[1], body) if len(words) > 1 else None
