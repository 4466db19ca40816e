"""Our problems in OpenAI's error shape, so that its clients raise what they are built to raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from web.errors import WebError

#: OpenAI says 400 to whatever is wrong with a request's content.
_STATUS = {413: 400, 422: 400}
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
#: Sending the same again would only fail again; the official clients retry 409 otherwise.
_NEVER_RETRIED = frozenset({400, 401, 403, 404, 405, 409, 410})


def error_body(error: WebError) -> dict[str, Any]:
    """``{"error": {"message", "type", "param", "code"}}`` with the code of our catalogue."""
    problem = error.problem()
    errors = problem.get("errors")
    return {
        "error": {
            "message": f"{problem['detail']} {problem['remedy']}",
            "type": _type(status_of(error)),
            "param": errors[0]["field"] if errors else None,
            "code": error.code,
        }
    }


def error_response(error: WebError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The error as a response, with Retry-After where the problem knows how long."""
    status = status_of(error)
    more = dict(headers or {})
    wait = error.extra.get("retry_after_s")
    if wait is not None:
        more["Retry-After"] = str(wait)
    if status in _NEVER_RETRIED:
        more["X-Should-Retry"] = "false"
    if status == 401:
        more["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error_body(error), status, more)


def status_of(error: WebError) -> int:
    """The HTTP status that OpenAI's clients expect for such an error."""
    return _STATUS.get(error.status, error.status)


def _type(status: int) -> str:
    if status >= 500:
        return "server_error"
    return _TYPES.get(status, "invalid_request_error")
