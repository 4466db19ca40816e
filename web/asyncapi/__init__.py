"""The websocket protocol as an AsyncAPI 3 document, made from the frames themselves.

Nouns: ``document`` (the whole of it), ``ENTRIES`` (what the models cannot say of a frame: an
example, and what answers it) and ``asyncapi_router`` (serves it at ``/asyncapi.json``).
"""

from web.asyncapi.document import MissingEntry, document
from web.asyncapi.entries import ENTRIES, Entry
from web.asyncapi.routes import asyncapi_router

__all__ = ["ENTRIES", "Entry", "MissingEntry", "asyncapi_router", "document"]
