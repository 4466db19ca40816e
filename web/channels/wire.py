"""The server's side of a websocket connection, below the frames."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

#: After its end, a connection may take so long to hand over what was sent, in seconds.
LINGER_S = 5.0


class EndingProtocol(WebSocketsSansIOProtocol):
    """Ends connections for good: a peer that never reads would keep a closed one open for ever."""

    async def run_asgi(self) -> None:
        """Serve the connection; once that is over, its transport has ``LINGER_S`` left."""
        try:
            await super().run_asgi()
        finally:
            self.loop.call_later(LINGER_S, self.transport.abort)
