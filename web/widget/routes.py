"""Serves the widget's script to any page that embeds it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from web.widget.bundle import build

#: Pages embed the script by a fixed address, so a new version has to come through soon.
_MAX_AGE_S = 300


def widget_router() -> APIRouter:
    """``GET /widget.js``: the script, compressed where the browser takes gzip, with its ETag."""
    bundle = build()
    router = APIRouter()

    @router.get("/widget.js", include_in_schema=False)
    def widget(request: Request) -> Response:
        headers = {
            "ETag": bundle.etag,
            "Cache-Control": f"public, max-age={_MAX_AGE_S}",
            "Vary": "Accept-Encoding",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if bundle.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = bundle.script
        if "gzip" in request.headers.get("accept-encoding", ""):
            content = bundle.gzipped
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type="text/javascript")

    return router
