"""The internal action as Rasa calls it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from knowledge.database import metadata, open_engine
from web.internal import OrderDesk, internal_router
from web.internal.attempts import order_attempts

SECRET = "a-secret-for-tests-only"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    engine = open_engine(f"sqlite:///{tmp_path / 'desk.sqlite'}")
    metadata.create_all(engine, tables=[order_attempts])
    app = FastAPI()
    app.include_router(internal_router(OrderDesk(engine), SECRET))
    yield app
    engine.dispose()


async def call(app: FastAPI, body: object, secret: str | None = SECRET) -> httpx.Response:
    headers = {"Authorization": f"Bearer {secret}"} if secret is not None else {}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        return await client.post("/internal/actions", json=body, headers=headers)


def action(name: str, text: str = "hi", lang: str | None = "en", **slots: Any) -> dict[str, Any]:
    return {
        "next_action": name,
        "sender_id": "c",
        "version": "3.6.21",
        "domain": {"intents": []},
        "tracker": {
            "sender_id": "c",
            "slots": {"order_number": None, "email": None, "requested_slot": None, **slots},
            "latest_message": {"text": text, "metadata": {"lang": lang}, "intent": {}},
            "events": [],
        },
    }


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x"])
async def test_without_the_secret(app: FastAPI, secret: str | None) -> None:
    response = await call(app, action("action_order_status"), secret)
    assert response.status_code == 401


@pytest.mark.parametrize("secret", ["", "short"])
def test_without_a_secret_there_is_no_router(secret: str, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with pytest.raises(ValueError, match="secret"):
        internal_router(OrderDesk(engine), secret)
    engine.dispose()


async def test_an_unknown_action(app: FastAPI) -> None:
    response = await call(app, action("action_pay_out"))
    assert response.status_code == 404
    assert "action_order_status" in response.json()["detail"]


@pytest.mark.parametrize("body", [{}, [], {"next_action": "action_order_status"}, None])
async def test_what_is_no_call(app: FastAPI, body: object) -> None:
    assert (await call(app, body)).status_code == 422


async def test_validation(app: FastAPI) -> None:
    name = "validate_order_status_form"
    empty = (await call(app, action(name))).json()
    assert empty == {"events": [], "responses": []}
    good = (await call(app, action(name, order_number="TW-10442", email="a@b.cd"))).json()
    assert [(e["name"], e["value"]) for e in good["events"]] == [
        ("order_number", "TW-10442"),
        ("email", "a@b.cd"),
    ]
    assert good["responses"] == []
    bad = (await call(app, action(name, order_number="TW-1", email="a@b"))).json()
    assert [e["value"] for e in bad["events"]] == [None, None]
    assert "“TW-1” is not an order number" in bad["responses"][0]["text"]
    assert "“a@b”" in bad["responses"][1]["text"]


async def test_validation_does_not_tell_which_orders_exist(app: FastAPI) -> None:
    name = "validate_order_status_form"
    real, made_up = [
        (await call(app, action(name, order_number=n))).json() for n in ("TW-10442", "TW-99999")
    ]
    assert len(real["events"]) == len(made_up["events"])
    assert real["responses"] == made_up["responses"] == []


async def test_the_answer_comes_in_the_visitors_language(app: FastAPI) -> None:
    slots = {"order_number": "TW-20031", "email": "wangfang@example.cn"}
    told = (await call(app, action("action_order_status", lang="zh", **slots))).json()
    seen = (await call(app, action("action_order_status", "查订单", None, **slots))).json()
    english = (await call(app, action("action_order_status", **slots))).json()
    assert told["responses"] == seen["responses"]
    assert "预计" in told["responses"][0]["text"]
    assert "on its way" in english["responses"][0]["text"]
    assert {e["name"]: e["value"] for e in told["events"]} == {"order_number": None, "email": None}


async def test_nothing_given_is_no_match(app: FastAPI) -> None:
    reply = (await call(app, action("action_order_status"))).json()
    assert "no order with this number" in reply["responses"][0]["text"]
