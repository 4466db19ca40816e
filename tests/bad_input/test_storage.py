"""Disks that are full, databases that go away, files that are damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, make_url, text

from retrieval.models import ModelStore
from tests.web.gateway_world import SECRET, StandInBot, Web, filled

ROOT = Path(__file__).resolve().parents[2]
GRAPEVINE = str(Path(sys.executable).with_name("grapevine"))
QUESTION, ANSWER = "When is my bill due?", "On the third of each month."


@pytest.fixture
def bot() -> Iterator[StandInBot]:
    bot = StandInBot()
    yield bot
    bot.close()


def _refused(web: Web, path: str, headers: dict[str, str], why: str) -> None:
    refused = web.ask(path, headers, "1", QUESTION)
    assert (refused.status_code, refused.json()["code"]) == (503, "log-unavailable")
    assert why in refused.json()["detail"]


def test_a_full_disk_is_said_and_room_is_enough_to_go_on(tmp_path: Path, bot: StandInBot) -> None:
    with filled(tmp_path, bot.port) as web:
        path, _, headers = web.open()
        pages = [1]

        def no_room(connection: Any, *_: object) -> None:
            # SQLite's own bound answers with the error of a full disk, root or not.
            connection.execute(f"PRAGMA max_page_count={pages[0]}")

        event.listen(web.services.engine, "checkout", no_room)
        long = "x" * 3_900
        said = [web.ask(path, headers, str(n), f"{n} {long}") for n in range(10)]
        full = [answer for answer in said if answer.status_code != 200]
        assert full
        assert all(answer.json()["code"] == "log-unavailable" for answer in full)
        assert all("disk is full" in answer.json()["detail"] for answer in full)
        pages[0] = 1_000_000
        again = web.ask(path, headers, "9", f"9 {long}").json()
        assert again["reply"]["reply_to"] == again["user"]["id"]


def test_a_postgres_database_that_goes_away_and_comes_back(
    tmp_path: Path, bot: StandInBot, postgres_url: str
) -> None:
    name, aside = "grapevine_bad_input", "grapevine_bad_input_aside"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")

    def run(*commands: str) -> None:
        with server.connect() as connection:
            for command in commands:
                connection.execute(text(command))

    run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    run(f"DROP DATABASE IF EXISTS {aside} WITH (FORCE)")
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with filled(tmp_path, bot.port, database_url=url) as web:
        path, _, headers = web.open()
        assert web.ask(path, headers, "0", QUESTION).json()["reply"]["text"] == ANSWER
        run(
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{name}' AND pid <> pg_backend_pid()",
            f"ALTER DATABASE {name} RENAME TO {aside}",
        )
        _refused(web, path, headers, "The log cannot be used")
        run(
            f"ALTER DATABASE {aside} RENAME TO {name}",
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS true",
        )
        assert web.ask(path, headers, "1", QUESTION).json()["reply"]["text"] == ANSWER
    run(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.mark.models
@pytest.mark.slow
def test_a_corrupt_index_is_told_and_built_anew(
    tmp_path: Path, bot: StandInBot, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.web.test_real_retrieval import ask, serving

    with serving(tmp_path, bot):
        pass
    files = sorted((tmp_path / "index").glob("snapshot-*/*"))
    assert len(files) >= 4
    for path in files:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))
    with serving(tmp_path, bot) as (url, services):
        assert "index snapshot set aside" in caplog.text
        for question, entry in (
            ("how do i reset my router to factory settings?", "router-reset"),
            ("怎么把路由器恢复出厂设置?", "zh-router-reset"),
        ):
            provenance = ask(url, question)["provenance"]
            assert isinstance(provenance, dict)
            assert [found["id"] for found in provenance["entries"]] == [entry]
        assert services.indexer.fault is None
    caplog.clear()
    with serving(tmp_path, bot):
        assert "index snapshot set aside" not in caplog.text


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache folder of its own with the English encoder, which may be damaged."""
    folder = tmp_path / "cache" / "models" / "reader-en"
    shutil.copytree(ModelStore().ensure(folder.name), folder)
    return folder


def _grapevine(tmp_path: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "GRAPEVINE_DATA_DIR": str(tmp_path / "data"),
        "GRAPEVINE_CACHE_DIR": str(tmp_path / "cache"),
        **settings,
    }
    return subprocess.run(
        [GRAPEVINE, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.models
@pytest.mark.slow
def test_a_corrupt_model_stops_the_start_with_its_hash_and_the_remedy(
    tmp_path: Path, cache: Path
) -> None:
    weights = cache / "model.bin"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(bytes(data))
    from web.supervisor.running import free_ports

    port, bot_port = map(str, free_ports(2))
    # A bot elsewhere, so that none is trained for a start that fails.
    started = _grapevine(
        tmp_path, "up", "--port", port, "--bot-port", bot_port,
        GRAPEVINE_BOT_URL=f"http://127.0.0.1:{bot_port}", GRAPEVINE_BOT_SECRET=SECRET,
    )  # fmt: skip
    assert started.returncode == 1
    said = " ".join((started.stdout + started.stderr).split())
    assert "model.bin is damaged: its sha256 begins" in said
    assert "grapevine models fetch reader-en --force" in said
    assert "Traceback" not in said
