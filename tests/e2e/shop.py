"""A site of somebody else, on an origin of its own, that embeds the chat with one script tag."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

_PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width"></head><body><p>A page.</p>
<script src="{server}/widget.js" data-auto data-position="left" data-accent="#ffd500"
 data-heading="Shop" defer></script></body></html>"""

#: As strict as a page with the chat can be: nothing inline, the chat's server alone.
_POLICY = "default-src 'none'; script-src {server}; connect-src {server} {socket}; base-uri 'none'"


class Shop:
    """The server: ``/?lang=…&server=…`` gives a page that embeds the chat of ``server``."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the shop's pages."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Shop:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        wanted = parse_qs(urlsplit(self.path).query)
        if "server" not in wanted:
            self.send_error(404)
            return
        server = wanted["server"][0]
        body = _PAGE.format(lang=wanted["lang"][0], server=server).encode()
        policy = _POLICY.format(server=server, socket=server.replace("http", "ws", 1))
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The test's output is no place for an access log."""
