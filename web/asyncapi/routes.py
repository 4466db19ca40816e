"""Serves the document, with the address by which it was asked for."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from web.asyncapi.document import document


def asyncapi_router() -> APIRouter:
    """``GET /asyncapi.json``."""
    router = APIRouter()
    made = document("localhost", "ws")

    @router.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi(request: Request) -> dict[str, Any]:
        secure = request.url.scheme == "https"
        here = {"host": request.url.netloc, "protocol": "wss" if secure else "ws"}
        return made | {"servers": {"this": here}}

    return router
