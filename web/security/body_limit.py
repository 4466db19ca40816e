"""Bodies of REST calls have a bound, told as a problem like everything else."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.channels.problems import problem_response
from web.errors import BodyTooLarge


class BodyLimit:
    """Refuses bodies over ``max_bytes`` under ``prefix``: by their header, or while they come."""

    def __init__(self, app: ASGIApp, prefix: str, max_bytes: int) -> None:
        self._app = app
        self._prefix = prefix
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        length = request.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._max_bytes:
            error = BodyTooLarge(max_bytes=self._max_bytes)
            await problem_response(error, request)(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_bytes:
                # The framework passes its own kind of error on, and no other.
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
