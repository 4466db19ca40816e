"""Requests that lie about themselves, readers that do not read, pages that may not."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.web.gateway_world import StandInBot, Web, filled, wait_for
from web.channels import wire

SHOP = "https://shop.example"
QUESTION, ANSWER = "When is my bill due?", "On the third of each month."


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    bot = StandInBot()
    folder = tmp_path_factory.mktemp("wire")
    with filled(folder, bot.port, allowed_origins=(SHOP,), open_api=True) as web:
        yield web
    bot.close()


def _problem(response: httpx.Response, *codes: str) -> None:
    body = response.json()
    assert body["code"] in codes, body
    assert body["status"] == response.status_code
    assert body["remedy"]


def _alive(web: Web) -> None:
    path, _, headers = web.open()
    assert web.ask(path, headers, "alive", QUESTION).json()["reply"]["text"] == ANSWER


def _raw(web: Web, request: bytes) -> bytes:
    """What the server says to bytes that no client library would send."""
    parts = urlsplit(web.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
        raw.sendall(request)
        raw.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := raw.recv(65536):
            answer += piece
    return answer


def test_a_gzip_bomb_is_never_unpacked(web: Web) -> None:
    path, _, headers = web.open()
    bomb = gzip.compress(b'{"text": "' + b"a" * 50_000_000 + b'"}')
    packed = headers | {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    refused = httpx.post(f"{path}/messages", content=bomb, headers=packed)
    _problem(refused, "body-too-large", "invalid-json", "invalid-utf8", "invalid-request")
    small = gzip.compress(json.dumps({"client_message_id": "1", "text": QUESTION}).encode())
    refused = httpx.post(f"{path}/messages", content=small, headers=packed)
    _problem(refused, "invalid-json", "invalid-utf8", "invalid-request")
    _alive(web)


def test_a_body_without_a_length_is_counted_while_it_comes(web: Web) -> None:
    path, _, headers = web.open()

    def endless() -> Iterator[bytes]:
        yield b'{"client_message_id": "1", "text": "'
        for _ in range(2_000):
            yield b"x" * 10_000

    try:
        refused = httpx.post(f"{path}/messages", content=endless(), headers=headers)
        _problem(refused, "body-too-large")
    except (httpx.WriteError, httpx.RemoteProtocolError):
        pass  # the server hung up on it, which is just as well
    _alive(web)


@pytest.mark.parametrize(
    "length", ["1000000000", "99999999999999999999999", "-5", "abc", "5, 6", "10 "]
)
def test_a_length_that_lies(web: Web, length: str) -> None:
    path, _, headers = web.open()
    body = json.dumps({"client_message_id": "1", "text": QUESTION})
    request = (
        f"POST {urlsplit(path).path}/messages HTTP/1.1\r\nHost: chat\r\n"
        f"Authorization: {headers['Authorization']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    said = _raw(web, request.encode())
    assert b" 200 " not in said.split(b"\r\n")[0]
    assert httpx.get(f"{path}/messages", headers=headers).json()["messages"] == []
    _alive(web)


def test_both_a_length_and_chunks_smuggle_nothing(web: Web) -> None:
    path, _, headers = web.open()
    inner = f"DELETE {urlsplit(path).path} HTTP/1.1\r\nHost: chat\r\nAuthorization: "
    inner += f"{headers['Authorization']}\r\n\r\n"
    request = (
        f"POST {urlsplit(path).path}/messages HTTP/1.1\r\nHost: chat\r\n"
        f"Content-Length: {5 + len(inner)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}"
    )
    said = _raw(web, request.encode())
    assert b" 204 " not in said
    assert httpx.get(f"{path}/messages", headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "x"])
def test_another_content_type(web: Web, kind: str) -> None:
    path, _, headers = web.open()
    body = json.dumps({"client_message_id": "1", "text": QUESTION}).encode()
    refused = httpx.post(f"{path}/messages", content=body, headers=headers | {"Content-Type": kind})
    _problem(refused, "invalid-request")
    _alive(web)


def test_very_long_ids_and_addresses(web: Web) -> None:
    path, _, headers = web.open()
    for client_id in ("i" * 129, "i" * 10_000, "", "a b", "ä", "a\nb", "../..", "%00"):
        _problem(web.ask(path, headers, client_id, QUESTION), "invalid-request")
    long = f"{web.url}/v1/conversations/{'c' * 5_000}/messages"
    assert httpx.get(long, headers=headers).status_code in (403, 404, 422)
    assert b" 200 " not in _raw(web, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: c\r\n\r\n")
    _alive(web)


def test_json_that_is_nested_very_deeply(web: Web) -> None:
    path, _, headers = web.open()
    for depth in (200, 5_000):
        body = '{"client_message_id": "1", "text": ' + "[" * depth + "]" * depth + "}"
        refused = httpx.post(
            f"{path}/messages", content=body, headers=headers | {"Content-Type": "application/json"}
        )
        _problem(refused, "invalid-request", "invalid-json")
    _alive(web)


def test_a_reader_that_does_not_read_harms_only_itself(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, cid, headers = web.open()
    address = f"ws{web.url[4:]}/v1/chat"
    hello = {"type": "hello", "protocol": 1, "conversation_id": cid,
             "token": headers["Authorization"].split()[1]}  # fmt: skip
    parts = urlsplit(web.url)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect((parts.hostname, parts.port))
    monkeypatch.setattr(wire, "LINGER_S", 0.2)
    connections = web.services.gateway.connections
    with suppress(ConnectionClosed, OSError), connect(address, sock=narrow, max_queue=1) as lazy:
        lazy.send(json.dumps(hello))
        # Each is answered, by pong or by an error of some 400 bytes; nothing is read.
        for number in range(1_000_000):
            lazy.send(json.dumps({"type": "ping", "id": number}))
        raise AssertionError("the server took a million pings of one who does not read")
    wait_for(lambda: connections.open == 0)
    _alive(web)


def test_pages_of_others_read_the_widgets_routes_and_nothing_else(web: Web) -> None:
    page = {"Origin": SHOP}
    asks = page | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    allowed = "access-control-allow-origin"
    for path in ("/v1/conversations", "/v1/config", "/v1/conversations/c-1/messages"):
        before = httpx.options(f"{web.url}{path}", headers=asks)
        assert (before.status_code, before.headers[allowed]) == (200, SHOP), path
    assert httpx.get(f"{web.url}/v1/config", headers=page).headers[allowed] == SHOP
    for path in (
        "/v1/chat/completions", "/v1/models", "/webhooks/rest/webhook", "/internal/actions",
        "/v1/errors", "/readyz", "/v1/configuration",
    ):  # fmt: skip
        assert allowed not in httpx.options(f"{web.url}{path}", headers=asks).headers, path
        assert allowed not in httpx.get(f"{web.url}{path}", headers=page).headers, path
    evil = httpx.get(f"{web.url}/v1/config", headers={"Origin": "https://evil.example"})
    assert allowed not in evil.headers
