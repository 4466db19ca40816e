"""The AsyncAPI document: valid, complete, and true of the frames."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft7Validator, Draft202012Validator
from pydantic import BaseModel

from web.asyncapi import ENTRIES, MissingEntry, asyncapi_router, document
from web.asyncapi.document import CLIENT_FRAMES, SERVER_FRAMES
from web.conversation import frames
from web.conversation.frames import read_frame
from web.errors import catalogue

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "asyncapi-3.0.0.json").read_bytes())
PAGE = Path(__file__).parents[2] / "docs" / "integrators" / "asyncapi.md"
MADE = document("chat.example:8080", "wss")


def follow(made: dict[str, Any], ref: str) -> Any:
    value: Any = made
    for part in ref.removeprefix("#/").split("/"):
        value = value[part]
    return value


def payload_validator(made: dict[str, Any], name: str) -> Draft202012Validator:
    ref = follow(made, f"#/components/messages/{name}")["payload"]
    return Draft202012Validator(ref | {"components": made["components"]})


def test_it_is_a_valid_asyncapi_3_document() -> None:
    found = [f"{e.json_path}: {e.message[:200]}" for e in Draft7Validator(SCHEMA).iter_errors(MADE)]
    assert found == []


def test_the_schema_refuses_a_broken_document() -> None:
    broken = json.loads(json.dumps(MADE))
    broken["operations"]["receiveHello"]["action"] = "publish"
    assert list(Draft7Validator(SCHEMA).iter_errors(broken))


def test_every_reference_leads_somewhere() -> None:
    refs: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                refs.append(value["$ref"])
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(MADE)
    assert len(refs) > 50
    for ref in refs:
        assert follow(MADE, ref)


def test_every_frame_of_the_module_is_in_the_document_and_in_the_right_direction() -> None:
    """Frames are found in the module itself, not in the lists the document is made from."""
    kinds = {
        name: kind
        for name, kind in inspect.getmembers(frames, inspect.isclass)
        if issubclass(kind, BaseModel) and "type" in kind.model_fields
    }
    assert set(MADE["components"]["messages"]) == set(kinds) == {k.__name__ for k in ENTRIES}
    assert set(MADE["channels"]["chat"]["messages"]) == set(kinds)
    received = {
        ref["$ref"].rsplit("/", 1)[1]
        for operation in MADE["operations"].values()
        if operation["action"] == "receive"
        for ref in operation["messages"]
    }
    sent = {ref["$ref"].rsplit("/", 1)[1] for ref in MADE["operations"]["sendFrames"]["messages"]}
    assert received == {kind.__name__ for kind in CLIENT_FRAMES}
    assert sent == {kind.__name__ for kind in SERVER_FRAMES}
    for name, kind in kinds.items():
        assert MADE["components"]["messages"][name]["name"] == kind.model_fields["type"].default


def test_a_frame_without_an_entry_stops_the_document() -> None:
    class Wave(frames._Frame):
        """Waves."""

        type: Literal["wave"] = "wave"

    with pytest.raises(MissingEntry, match=r"Wave.*entries\.py"):
        document("localhost", "ws", client=(*CLIENT_FRAMES, Wave))
    with pytest.raises(MissingEntry, match="Wave"):
        document("localhost", "ws", server=(*SERVER_FRAMES, Wave))


@pytest.mark.parametrize("name", sorted(MADE["components"]["messages"]))
def test_the_example_fits_its_schema_and_a_broken_one_does_not(name: str) -> None:
    validator = payload_validator(MADE, name)
    (example,) = MADE["components"]["messages"][name]["examples"]
    payload = example["payload"]
    assert [error.message for error in validator.iter_errors(payload)] == []
    untyped = {key: value for key, value in payload.items() if key != "type"}
    assert not validator.is_valid(untyped)
    assert not validator.is_valid(payload | {"type": "wave"})


@pytest.mark.parametrize("kind", CLIENT_FRAMES, ids=lambda kind: kind.__name__)
def test_the_server_reads_the_example_of_each_client_frame(kind: type[BaseModel]) -> None:
    payload = MADE["components"]["messages"][kind.__name__]["examples"][0]["payload"]
    assert read_frame(json.dumps(payload), 65536) == ENTRIES[kind].example


def test_answers_of_a_client_frame_are_server_frames() -> None:
    for kind in CLIENT_FRAMES:
        answers = ENTRIES[kind].answered_by
        assert answers
        assert set(answers) <= set(SERVER_FRAMES)
    assert all(not ENTRIES[kind].answered_by for kind in SERVER_FRAMES)


def test_every_problem_is_listed_with_its_close_code() -> None:
    listed = {row["code"]: row["close_code"] for row in MADE["x-problems"]}
    assert listed == {row.code: row.close_code for row in catalogue()}


async def test_it_is_served_with_the_address_it_was_asked_by() -> None:
    app = FastAPI()
    app.include_router(asyncapi_router())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://chat.example") as client:
        served = (await client.get("/asyncapi.json")).json()
    assert served["servers"] == {"this": {"host": "chat.example", "protocol": "wss"}}
    assert served["components"] == MADE["components"]
    assert Draft7Validator(SCHEMA).is_valid(served)


def test_the_page_names_every_message_of_the_document() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in MADE["components"]["messages"]:
        assert f"`{name}`" in page
