"""Makes the AsyncAPI 3.0.0 document.

https://www.asyncapi.com/docs/reference/specification/v3.0.0: ``receive`` is what the server
takes, ``send`` what it gives. Schemas come from the frames' models; no frame is written twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from inspect import cleandoc
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from web.asyncapi.entries import ENTRIES, Entry
from web.conversation import frames
from web.errors import catalogue

CLIENT_FRAMES: tuple[type[BaseModel], ...] = get_args(frames.ClientFrame)
SERVER_FRAMES: tuple[type[BaseModel], ...] = get_args(frames.ServerFrame)

_CHANNEL = "chat"
_ABOUT = """
JSON text frames, each an object with a "type". A connection says hello (with the conversation's
token) and resume, hears what it missed (replay) and that it has caught up (live), and then what
happens.

Delivery is at least once on the wire: keep messages by id and seq, and what is shown is shown
once. An offset counts Unicode code points. Unknown types and members are to be ignored: new ones
may be added within protocol version 1.
"""


class MissingEntry(LookupError):
    """A frame of the protocol has no entry in ``web/asyncapi/entries.py``."""


def document(
    host: str,
    protocol: str,
    *,
    client: Sequence[type[BaseModel]] = CLIENT_FRAMES,
    server: Sequence[type[BaseModel]] = SERVER_FRAMES,
    entries: Mapping[type[BaseModel], Entry] = ENTRIES,
) -> dict[str, Any]:
    """The document for a server at ``host`` (name and port), spoken to by ``ws`` or ``wss``.

    Raises MissingEntry where a frame of ``client`` or ``server`` has no entry.
    """
    all_frames = (*client, *server)
    missing = [kind.__name__ for kind in all_frames if kind not in entries]
    if missing:
        raise MissingEntry(
            f"No entry for {', '.join(missing)}: add an example to web/asyncapi/entries.py."
        )
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/json",
        "servers": {"this": {"host": host, "protocol": protocol}},
        "channels": {_CHANNEL: _channel(all_frames)},
        "operations": _operations(client, server, entries),
        "components": {
            "messages": {kind.__name__: _message(kind, entries[kind]) for kind in all_frames},
            "schemas": _schemas(client, server),
        },
        "x-problems": [
            {"code": row.code, "title": row.title, "close_code": row.close_code}
            for row in catalogue()
        ],
    }


def _info() -> dict[str, Any]:
    try:
        release = version("grapevine")
    except PackageNotFoundError:  # run from a checkout that is not installed
        release = "0"
    return {
        "title": "Grapevine chat",
        "version": f"{frames.PROTOCOL}.0.0",
        "description": cleandoc(_ABOUT),
        "license": {"name": "Apache-2.0"},
        "x-release": release,
    }


def _channel(all_frames: Sequence[type[BaseModel]]) -> dict[str, Any]:
    return {
        "address": "/v1/chat",
        "title": "One visitor's connection to one conversation",
        "servers": [{"$ref": "#/servers/this"}],
        "messages": {
            kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in all_frames
        },
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }


def _operations(
    client: Sequence[type[BaseModel]],
    server: Sequence[type[BaseModel]],
    entries: Mapping[type[BaseModel], Entry],
) -> dict[str, Any]:
    channel = {"$ref": f"#/channels/{_CHANNEL}"}
    operations: dict[str, Any] = {}
    for kind in client:
        operations[f"receive{kind.__name__}"] = {
            "action": "receive",
            "channel": channel,
            "summary": _summary(kind),
            "messages": [_in_channel(kind)],
        }
        if answers := entries[kind].answered_by:
            operations[f"receive{kind.__name__}"]["reply"] = {
                "channel": channel,
                "messages": [_in_channel(answer) for answer in answers],
            }
    operations["sendFrames"] = {
        "action": "send",
        "channel": channel,
        "summary": "What happens in the conversation, whoever caused it.",
        "messages": [_in_channel(kind) for kind in server],
    }
    return operations


def _message(kind: type[BaseModel], entry: Entry) -> dict[str, Any]:
    return {
        "name": kind.model_fields["type"].default,
        "title": kind.__name__,
        "summary": _summary(kind),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "examples": [{"payload": entry.example.model_dump(mode="json")}],
    }


def _schemas(
    client: Sequence[type[BaseModel]], server: Sequence[type[BaseModel]]
) -> dict[str, Any]:
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((kind, "validation") for kind in client),
        *((kind, "serialization") for kind in server),
    ]
    _, generated = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = generated["$defs"]
    for kind, _ in modes:
        schema = schemas[kind.__name__]
        # The models give it a default so that code may leave it out; the wire may not.
        schema["required"] = ["type", *schema.get("required", ())]
    return schemas


def _in_channel(kind: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/channels/{_CHANNEL}/messages/{kind.__name__}"}


def _summary(kind: type[BaseModel]) -> str:
    return cleandoc(kind.__doc__ or "").replace("``", "").split("\n\n")[0]
