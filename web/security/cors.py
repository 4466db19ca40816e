"""Cross-origin reading, for the routes that the widget calls from a page of somebody else."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

#: What the widget fetches. Its script may be read by anybody; the websocket checks by itself.
WIDGET_PATHS = ("/v1/conversations", "/v1/config")


class WidgetCors:
    """Lets pages of ``origins`` read the widget's routes; all others stay closed to pages.

    The compatible ends are for programs: with the widget's permission, a page that embeds it
    could use an open end of its visitor's own machine.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=[origin.rstrip("/") for origin in origins],
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        theirs = any(path == known or path.startswith(f"{known}/") for known in WIDGET_PATHS)
        await (self._cors if theirs else self._app)(scope, receive, send)
