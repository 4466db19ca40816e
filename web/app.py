"""The web process: one FastAPI application, and ``main`` that serves it."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from retrieval.errors import IndexUnavailable
from retrieval.types import Retriever
from web.asyncapi.routes import asyncapi_router
from web.channels.clients import Ends
from web.channels.openai import openai_router
from web.channels.problems import install
from web.channels.public import public_router
from web.channels.rasa_rest import rasa_rest_router
from web.channels.rest import rest_router
from web.channels.websocket import websocket_router
from web.channels.wire import EndingProtocol
from web.internal import OrderDesk, internal_router
from web.security.api_keys import ApiKeys, UnsafeApiSettings
from web.security.body_limit import BodyLimit
from web.security.cors import WidgetCors
from web.security.headers import SecurityHeaders
from web.services import Services, build
from web.settings import Settings
from web.site.routes import site_router
from web.widget.routes import widget_router

_DESCRIPTION = """\
The conversations of a Grapevine server, one call at a time; the websocket is described at
`/asyncapi.json`. Every error is an RFC 9457 problem document with a `code` from one catalogue
(`/v1/errors`).
"""
#: Four bytes is what a code point takes at most; the rest is for the JSON around it.
_BYTES_PER_CHAR, _BODY_SLACK = 4, 16_384


def create_app(settings: Settings, retriever: Retriever | None = None) -> FastAPI:
    """The application, with all parts built from ``settings`` and started with its lifespan.

    ``retriever`` takes the place of the one that the settings describe. Raises
    UnsafeApiSettings where the settings would open the compatible ends to strangers, and
    IndexUnavailable where they want vectors kept in a database that cannot.
    """
    services = build(settings, retriever)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await services.start()
        try:
            yield
        finally:
            await services.aclose()

    max_body = settings.max_message_chars * _BYTES_PER_CHAR + _BODY_SLACK
    app = FastAPI(
        title="Grapevine",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    app.state.max_body_bytes = max_body
    install(app)
    _include(app, services)
    app.add_middleware(BodyLimit, prefix="/v1/conversations", max_bytes=max_body)
    if settings.allowed_origins:
        app.add_middleware(WidgetCors, origins=settings.allowed_origins)
    app.add_middleware(SecurityHeaders)
    return app


def _include(app: FastAPI, services: Services) -> None:
    settings, gateway = services.settings, services.gateway
    assert settings.bot_secret is not None
    keys = ApiKeys(settings.api_keys, open_api=settings.open_api, host=settings.host)
    ends = Ends(services.service, keys, gateway.messages, settings.max_message_chars)
    app.include_router(public_router(settings, services.readiness))
    app.include_router(rest_router(gateway))
    app.include_router(websocket_router(gateway))
    app.include_router(asyncapi_router())
    app.include_router(openai_router(ends))
    app.include_router(rasa_rest_router(ends))
    app.include_router(
        internal_router(OrderDesk(services.engine), settings.bot_secret.get_secret_value())
    )
    app.include_router(widget_router())
    if settings.demo:
        app.include_router(site_router(lambda: services.store, settings))


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    settings = Settings()
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        app = create_app(settings)
    except (UnsafeApiSettings, IndexUnavailable, OSError) as error:
        sys.exit(str(error))
    uvicorn.Server(server_config(app, settings)).run()


def server_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws=EndingProtocol,
        # Above our own limit, which answers with an error frame; beyond this one the
        # connection is closed with code 1009 before the whole frame was read.
        ws_max_size=max(4 * settings.max_frame_bytes, 1 << 20),
        # The frames are small, and a compressor for each connection is not.
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
