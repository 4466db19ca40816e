"""Ports, secrets, environments and probes, each against the real thing."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from web.settings import Settings
from web.supervisor import probes
from web.supervisor.environment import bot_environment, local_url, resolved, web_environment
from web.supervisor.errors import PortBusy
from web.supervisor.ports import check_port
from web.supervisor.secret_file import with_secrets


def test_a_busy_port_is_named_with_the_option_and_the_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortBusy, match=rf"Port {port} .*--port PORT or GRAPEVINE_PORT=PORT"):
            check_port("127.0.0.1", port, "--port", "GRAPEVINE_PORT")
    check_port("127.0.0.1", port, "--port", "GRAPEVINE_PORT")


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(PortBusy, match=r"no address 203\.0\.113\.1.*GRAPEVINE_HOST"):
        check_port("203.0.113.1", 8080, "--port", "GRAPEVINE_PORT")


def test_the_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    with_secrets(Settings(data_dir=folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with pytest.raises(FileExistsError):
        Settings(data_dir=folder / "secrets.json").make_data_dir()


def test_secrets_are_made_once_kept_private_and_given_ones_win(tmp_path: Path) -> None:
    first = with_secrets(Settings(data_dir=tmp_path))
    again = with_secrets(Settings(data_dir=tmp_path))
    assert first.bot_secret is not None
    assert len(first.bot_secret.get_secret_value()) >= 32
    assert first.bot_secret == again.bot_secret
    assert first.token_secret == again.token_secret
    assert first.bot_secret != first.token_secret
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    given = with_secrets(Settings(data_dir=tmp_path, bot_secret=SecretStr("given-by-hand")))
    assert given.bot_secret == SecretStr("given-by-hand")
    assert given.token_secret == first.token_secret
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_the_web_process_sees_exactly_the_chosen_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPEVINE_PORT", "1")
    monkeypatch.setenv("GRAPEVINE_SUPPORT_EMAIL", "env@tidewire.example")
    chosen = with_secrets(
        Settings(
            data_dir=tmp_path,
            port=15260,
            demo=False,
            allowed_origins=("https://a.example", "https://b.example"),
            api_keys=(SecretStr("k1"),),
        )
    )
    for name, value in web_environment(chosen).items():
        monkeypatch.setenv(name, value)
    assert Settings() == chosen


def test_the_bot_gets_its_own_secret_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPEVINE_API_KEYS", '["outer-key"]')
    chosen = with_secrets(Settings(data_dir=tmp_path, port=15260))
    assert chosen.bot_secret is not None
    assert chosen.token_secret is not None
    values = bot_environment(chosen)
    assert values["GRAPEVINE_BOT_SECRET"] == chosen.bot_secret.get_secret_value()
    assert values["GRAPEVINE_ACTION_URL"] == "http://127.0.0.1:15260/internal/actions"
    assert values["RASA_TELEMETRY_ENABLED"] == "false"
    assert chosen.token_secret.get_secret_value() not in values.values()
    assert "GRAPEVINE_API_KEYS" not in values


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("chat.tidewire.example", "http://chat.tidewire.example:8080"),
    ],
)
def test_the_local_address_can_be_connected_to(host: str, url: str) -> None:
    assert local_url(Settings(host=host, port=8080)) == url


def test_folders_become_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolved(Settings(data_dir=Path("here"))).data_dir == tmp_path / "here"


async def _serve(reply: bytes) -> tuple[asyncio.Server, str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"


@pytest.mark.parametrize(
    ("reply", "answers", "ready"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps({"ready": True}).encode(), True, True),
        (b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps({"ready": False}).encode(), True, False),
        (b"HTTP/1.1 200 OK\r\n\r\nnot json", True, False),
        (b"HTTP/1.1 503 Later\r\n\r\n" + json.dumps({"ready": True}).encode(), False, False),
        (b"200", False, False),
    ],
)
async def test_probes_believe_only_what_says_ready(
    reply: bytes, answers: bool, ready: bool
) -> None:
    server, url = await _serve(reply)
    async with server:
        assert await probes.ok(url)() is answers
        assert await probes.member(url, "ready")() is ready


async def test_a_probe_of_nothing_says_no() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        assert await probes.ok(url)() is False


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"ready": False, "parts": {"index": "x", "fault": "no such model"}}, "no such model"),
        ({"ready": False, "parts": {"index": "the models are being loaded"}}, None),
        ([], None),
    ],
)
async def test_a_fault_is_told_apart_from_waiting(body: object, fault: str | None) -> None:
    server, url = await _serve(b"HTTP/1.1 503 Later\r\n\r\n" + json.dumps(body).encode())
    async with server:
        assert await probes.fault(url) == fault


def test_the_operators_choice_of_kernels_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = resolved(Settings(data_dir=tmp_path))
    monkeypatch.delenv("CT2_FORCE_CPU_ISA", raising=False)
    assert web_environment(chosen).get("CT2_FORCE_CPU_ISA", "AVX512") == "AVX512"
    monkeypatch.setenv("CT2_FORCE_CPU_ISA", "AVX2")
    assert web_environment(chosen)["CT2_FORCE_CPU_ISA"] == "AVX2"
