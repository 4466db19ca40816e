"""Every error of a REST call as an RFC 9457 problem, and how OpenAPI describes them."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from web.errors import (
    PROBLEM_MEDIA_TYPE,
    BodyTooLarge,
    InternalError,
    InvalidJson,
    InvalidRequest,
    InvalidUtf8,
    MethodNotAllowed,
    NotFound,
    WebError,
)

logger = logging.getLogger(__name__)

_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "remedy"],
    "properties": {
        "type": {"type": "string", "description": "Where this kind of problem is described."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "See docs/integrators/errors.md."},
        "detail": {"type": "string", "description": "What was wrong this time."},
        "remedy": {"type": "string", "description": "What to do."},
        "instance": {"type": "string"},
    },
}


def problem_response(error: WebError, request: Request) -> JSONResponse:
    """The answer that tells ``error``."""
    headers = {}
    if "retry_after_s" in error.extra:
        headers["Retry-After"] = str(error.extra["retry_after_s"])
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        error.problem(request.url.path),
        error.status,
        headers=headers,
        media_type=PROBLEM_MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Have every error of ``app`` told as a problem document."""
    app.add_exception_handler(WebError, _web_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def responses(*kinds: type[WebError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of the problems that a route may answer with."""
    described: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        known = described.setdefault(
            kind.status,
            {
                "description": "",
                "content": {PROBLEM_MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA, "examples": {}}},
            },
        )
        known["description"] = " · ".join(filter(None, (known["description"], kind.title)))
        known["content"][PROBLEM_MEDIA_TYPE]["examples"][kind.code] = {"value": kind().problem()}
    return described


async def _web_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WebError)
    return problem_response(error, request)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        return problem_response(InvalidJson(), request)
    errors = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "message": item["msg"]}
        for item in found
    ]
    first = errors[0]
    detail = f"{first['field'] or 'body'}: {first['message']}."
    return problem_response(InvalidRequest(detail, errors=errors), request)


async def _http(request: Request, error: Exception) -> JSONResponse:
    """Errors of the framework itself, by status."""
    assert isinstance(error, HTTPException)
    told: WebError
    match error.status_code:
        case 400:
            told = InvalidJson("The body cannot be read as JSON; is it nested very deeply?")
            if isinstance(error.__cause__, UnicodeError):
                told = InvalidUtf8("The body cannot be read as UTF-8 encoded JSON.")
        case 404:
            told = NotFound()
        case 405:
            told = MethodNotAllowed()
        case 413:
            told = BodyTooLarge(max_bytes=request.app.state.max_body_bytes)
        case _:
            return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
    response = problem_response(told, request)
    response.headers.update(error.headers or {})
    return response


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("a request failed", exc_info=error)
    return problem_response(InternalError(), request)
