"""What anybody may ask: alive, ready, the public settings, the error catalogue."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from web.channels import bodies as b
from web.channels.problems import responses
from web.channels.websocket import HEARTBEAT_S
from web.conversation.frames import PROTOCOL
from web.errors import NotFound, NotReady, catalogue
from web.security.api_keys import is_loopback
from web.settings import Settings

Readiness = Callable[[], Awaitable[tuple[bool, dict[str, Any]]]]


def public_router(settings: Settings, readiness: Readiness) -> APIRouter:
    """The routes that want no token. ``readiness`` tells whether all is there, part by part."""
    router = APIRouter(tags=["public"])

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        """Alive: this process answers."""
        return {"status": "alive"}

    @router.get("/readyz", responses={503: {"description": NotReady.title}})
    async def ready(request: Request, response: Response) -> dict[str, Any]:
        """Able to answer or not; on this machine also what every part is, or why it is not ready.

        Reasons name files and addresses, which are nobody's business elsewhere.
        """
        is_ready, parts = await readiness()
        if not is_ready:
            response.status_code = 503
        told = request.client is not None and is_loopback(request.client.host)
        return {"ready": is_ready, "parts": parts} if told else {"ready": is_ready}

    @router.get("/v1/config")
    async def config() -> b.PublicConfig:
        """What a widget may know."""
        return b.PublicConfig(
            protocol=PROTOCOL,
            languages=("en", "zh"),
            hours=settings.support_hours,
            email=settings.support_email,
            limits=b.ConfigLimits(
                max_message_chars=settings.max_message_chars,
                max_frame_bytes=settings.max_frame_bytes,
                rate_per_minute=settings.rate_per_minute,
                heartbeat_s=HEARTBEAT_S,
            ),
        )

    @router.get("/v1/errors")
    async def errors() -> list[b.ProblemKind]:
        """Every problem that may be told."""
        return [b.ProblemKind(**dataclasses.asdict(row)) for row in catalogue()]

    @router.get("/v1/errors/{code}", responses=responses(NotFound))
    async def error(code: str) -> b.ProblemKind:
        """One problem; this is where the 'type' of a problem document points."""
        for row in catalogue():
            if row.code == code:
                return b.ProblemKind(**dataclasses.asdict(row))
        raise NotFound(f"There is no problem with the code {code[:100]!r}.")

    return router
