"""The compatible ends of the whole product: models, Rasa server, demo base, `grapevine up`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from jsonschema import Draft7Validator

from tests.e2e.product import START_PATIENCE_S, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(START_PATIENCE_S + 120)]

ROOT = Path(__file__).parents[3]
KEY = "key-of-the-whole-product"


def demo(lang: str) -> dict[str, str]:
    lines = (ROOT / "knowledge" / "demo" / f"{lang}.jsonl").read_text("utf-8").splitlines()
    return {row["id"]: row["answer"] for row in map(json.loads, filter(None, lines))}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="gv-ends-"))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GRAPEVINE_API_KEYS", json.dumps([KEY]))
            with running(folder, "http://shop.example") as url:
                yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, text: str, conversation: str | None = None) -> tuple[str, Any]:
    """The conversation and the completion."""
    headers = {"X-Conversation-Id": conversation} if conversation else {}
    response = client.chat.completions.with_raw_response.create(
        model="grapevine", messages=[{"role": "user", "content": text}], extra_headers=headers
    )
    return response.headers["x-conversation-id"], response.parse()


def say(url: str, sender: str, text: str) -> str:
    response = httpx.post(
        f"{url}/webhooks/rest/webhook",
        json={"sender": sender, "message": text},
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=30,
    )
    assert response.status_code == 200, response.text
    return str(response.json()[0]["text"])


@pytest.mark.parametrize(
    ("lang", "question", "entry_id"),
    [
        ("en", "how do i factory reset my router", "router-reset"),
        ("zh", "怎么重启路由器", None),
    ],
)
def test_right_answers_in_both_languages_plain_and_streamed(
    client: openai.OpenAI, lang: str, question: str, entry_id: str | None
) -> None:
    _, completion = ask(client, question)
    provenance = completion.model_extra["grapevine"]["provenance"]
    assert provenance["route"] == "answer"
    assert provenance["models"]["encoder"]
    if not provenance["degraded"]:
        assert provenance["models"]["bot"].startswith("grapevine-")
    found = provenance["entries"][0]["id"]
    assert entry_id in (None, found)
    assert completion.choices[0].message.content == demo(lang)[found]
    stream = client.chat.completions.create(
        model="x", messages=[{"role": "user", "content": question}], stream=True
    )
    assert "".join(c.choices[0].delta.content or "" for c in stream) == demo(lang)[found]


def test_a_form_runs_over_chat_completions(client: openai.OpenAI) -> None:
    conversation, first = ask(client, "where is my order")
    assert first.model_extra["grapevine"]["provenance"]["route"] == "flow"
    assert "order number" in first.choices[0].message.content.lower()
    _, left = ask(client, "never mind, stop", conversation)
    assert left.model_extra["grapevine"]["conversation_id"] == conversation


@pytest.mark.parametrize("text", ["/restart", "/session_start", '/greet{"order_number": "1"}'])
def test_no_slash_drives_the_bot(url: str, text: str) -> None:
    sender = f"slash {text}"
    asked = say(url, sender, "where is my order")
    assert "order number" in asked.lower()
    assert say(url, sender, text)
    # The form still waits for its number: nothing was restarted.
    assert "e-mail" in say(url, sender, "TW-00000")


def test_the_document_that_is_served_is_valid(url: str) -> None:
    schema_file = ROOT / "tests" / "web" / "schemas" / "asyncapi-3.0.0.json"
    served = httpx.get(f"{url}/asyncapi.json").json()
    assert Draft7Validator(json.loads(schema_file.read_bytes())).is_valid(served)
    assert served["servers"]["this"]["host"] == url.removeprefix("http://")


def test_no_key_no_answer(url: str) -> None:
    body = {"model": "x", "messages": [{"role": "user", "content": "hello"}]}
    response = httpx.post(f"{url}/v1/chat/completions", json=body)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthorized"
