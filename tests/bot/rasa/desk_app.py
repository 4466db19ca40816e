"""Serves the real internal actions for the bot under test: PORT DATABASE SECRET."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI

from knowledge.database import metadata, open_engine
from web.internal import OrderDesk, internal_router
from web.internal.attempts import order_attempts

port, database, secret = sys.argv[1:]
engine = open_engine(f"sqlite:///{database}")
metadata.create_all(engine, tables=[order_attempts])
app = FastAPI()
app.include_router(internal_router(OrderDesk(engine), secret))
uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")
