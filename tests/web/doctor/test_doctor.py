"""The doctor against installations that are broken in one way each."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from knowledge.database import open_engine
from retrieval.pgvector_schema import open_table
from web.cli import app
from web.doctor import (
    Finding,
    bot,
    database,
    environment,
    examine,
    fonts,
    index,
    models,
    vectors,
)
from web.doctor.run import CHECKS
from web.migrations import upgrade
from web.settings import Settings
from web.supervisor.secret_file import with_secrets


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")


def _by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def _migrated(settings: Settings) -> Path:
    settings.data_dir.mkdir(exist_ok=True)
    path = settings.data_dir / "grapevine.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


def test_everything_that_is_not_ok_comes_with_a_remedy(settings: Settings) -> None:
    (settings.data_dir / "index").mkdir(parents=True)
    (settings.data_dir / "grapevine.db").write_text("this is no database, but long enough to try")
    findings = list(examine(settings))
    assert {finding.area for finding in findings} == set(CHECKS)
    assert all(finding.remedy for finding in findings if finding.status != "ok")


def test_a_check_that_breaks_does_not_hide_the_others(settings: Settings) -> None:
    def broken(_: Settings) -> Iterator[Finding]:
        raise RuntimeError("out of the blue")
        yield

    found = list(examine(settings, {"broken": broken, "fonts": fonts.check}))
    assert found[0].status == "fail"
    assert "out of the blue" in found[0].detail
    assert len(found) > 1


def test_a_fresh_folder_is_no_failure(settings: Settings) -> None:
    found = _by_name(database.check(settings))
    assert found["reachable"].status == "ok"
    assert "not made yet" in found["reachable"].detail
    assert not settings.data_dir.exists()


def test_a_migrated_database_is_fine(settings: Settings) -> None:
    _migrated(settings)
    found = _by_name(database.check(settings))
    assert {f.status for f in found.values()} == {"ok"}
    assert {"reachable", "tables", "writable", "disk space", "data folder"} <= set(found)


def test_tables_that_are_behind_are_noticed(settings: Settings) -> None:
    path = _migrated(settings)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    found = _by_name(database.check(settings))["tables"]
    assert found.status == "warn"
    assert "0000" in found.detail
    assert "grapevine up" in found.remedy


def test_a_damaged_database_is_a_failure(settings: Settings) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "grapevine.db").write_bytes(b"not a database" * 500)
    found = _by_name(database.check(settings))["usable"]
    assert found.status == "fail"
    assert "restore a backup" in found.remedy


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://ada:hush@127.0.0.1:1/grapevine"
    found = _by_name(database.check(Settings(data_dir=tmp_path, database_url=url)))["usable"]
    assert found.status == "fail"
    assert "hush" not in found.detail
    assert "127.0.0.1" in found.detail


def test_missing_models_name_the_verb_that_fetches_them(settings: Settings) -> None:
    found = _by_name(models.check(settings))
    assert set(found) == {"reader-en", "reader-multi", "smollm2-135m"}
    for name, finding in found.items():
        assert finding.status == "fail"
        assert f"models fetch {name}" in finding.remedy


def test_no_index_yet_is_no_failure(settings: Settings) -> None:
    assert [f.status for f in index.check(settings)] == ["ok"]


def test_this_environment_is_as_locked() -> None:
    found = _by_name(environment.check(Settings()))
    assert {name: f.status for name, f in found.items()} == {
        "web runtime": "ok",
        "web libraries": "ok",
        "bot runtime": "ok",
    }, found


def test_pins_follow_the_markers_of_this_machine(tmp_path: Path) -> None:
    lock = tmp_path / "web.lock"
    lock.write_text(
        "alpha==1.0 \\\n    --hash=sha256:00\n"
        "beta==2.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    )
    assert environment.pins(lock) == {"alpha": "1.0"}


def test_a_library_of_another_version_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = tmp_path / "scripts" / "locks" / "web.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("rich==0.0.1 \\\n    --hash=sha256:00\nno-such-thing==1 \\\n    --hash=x\n")
    monkeypatch.setattr(environment, "PROJECT_ROOT", tmp_path)
    found = _by_name(environment.check(settings))["web libraries"]
    assert found.status == "fail"
    assert "(locked 0.0.1)" in found.detail
    assert "no-such-thing missing" in found.detail


class _Peer(BaseHTTPRequestHandler):
    """A server in the bot's place; ``secret`` None stands for a program that is no bot."""

    secret: str | None = None

    def do_GET(self) -> None:
        self._send(200, {"ready": True, "model": "m.tar.gz"} if self.secret else ["hello"])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        right = self.headers["Authorization"] == f"Bearer {self.secret}"
        self._send(400 if right else 401, {})

    def _send(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Tests stay quiet."""


@pytest.fixture
def peer() -> Iterator[tuple[type[_Peer], str]]:
    handler = type("Peer", (_Peer,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_bot_with_our_secret_is_fine(settings: Settings, peer: tuple[type[_Peer], str]) -> None:
    handler, url = peer
    remote = with_secrets(settings.model_copy(update={"bot_url": url}))
    assert remote.bot_secret is not None
    handler.secret = remote.bot_secret.get_secret_value()
    assert {f.status for f in bot.check(remote)} == {"ok"}


def test_a_bot_with_another_secret_is_a_failure(
    settings: Settings, peer: tuple[type[_Peer], str]
) -> None:
    handler, url = peer
    handler.secret = "another"
    found = _by_name(bot.check(settings.model_copy(update={"bot_url": url})))
    assert found["secret"].status == "fail"
    assert "GRAPEVINE_BOT_SECRET" in found["secret"].remedy


def test_another_program_on_the_bots_port_is_a_failure(
    settings: Settings, peer: tuple[type[_Peer], str]
) -> None:
    found = _by_name(bot.check(settings.model_copy(update={"bot_url": peer[1]})))
    assert found["reachable"].status == "fail"
    assert "no Grapevine bot" in found["reachable"].detail


def test_a_remote_bot_that_is_away_is_a_failure(settings: Settings) -> None:
    away = settings.model_copy(update={"bot_url": "http://127.0.0.1:1"})
    found = _by_name(bot.check(away))["reachable"]
    assert found.status == "fail"
    assert "GRAPEVINE_BOT_URL" in found.remedy


def test_the_verb_prints_json_and_its_exit_code_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPEVINE_CACHE_DIR", str(tmp_path / "cache"))
    result = CliRunner().invoke(app, ["doctor", "--json", "--data-dir", str(tmp_path)])
    assert result.exit_code == 1
    rows = json.loads(result.stdout)
    assert {"area", "name", "status", "detail", "remedy"} == set(rows[0])
    shown = CliRunner().invoke(app, ["doctor", "--data-dir", str(tmp_path)])
    assert shown.exit_code == 1
    assert "mend: run 'grapevine models fetch" in shown.stdout


@pytest.mark.models
def test_a_damaged_model_is_found_by_its_hash(tmp_path: Path) -> None:
    import shutil

    from retrieval.models import ModelStore

    good = ModelStore().ensure("reader-en")
    copied = tmp_path / "models" / good.name
    shutil.copytree(good, copied)
    weights = copied / "model.bin"
    with weights.open("r+b") as file:
        file.seek(weights.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    found = _by_name(models.check(Settings(cache_dir=tmp_path)))["reader-en"]
    assert found.status == "fail"
    assert "--force reader-en" in found.remedy


def test_pgvector_without_a_postgres_is_named_with_both_settings(settings: Settings) -> None:
    wrong = settings.model_copy(update={"index": "pgvector"})
    (found,) = vectors.check(wrong)
    assert found.status == "fail"
    assert "GRAPEVINE_DATABASE_URL" in found.remedy
    assert "GRAPEVINE_INDEX" in found.remedy
    (found,) = vectors.check(settings)
    assert found.status == "ok"


def test_pgvector_is_looked_for_on_the_server(settings: Settings, empty_postgres_url: str) -> None:
    right = settings.model_copy(update={"index": "pgvector", "database_url": empty_postgres_url})
    found = _by_name(vectors.check(right))
    assert found["extension"].status == "warn"
    assert "CREATE EXTENSION" in found["extension"].remedy
    engine = open_engine(empty_postgres_url)
    open_table(engine)
    assert {f.status for f in vectors.check(right)} == {"ok"}
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO kb_vectors (encoder, entry_id, revision, position, digest, embedding)"
                " SELECT n::text, 'a', 1, 0, '', '[1]' FROM generate_series(1, 3) AS n"
            )
        )
    found = _by_name(vectors.check(right))
    assert found["table"].status == "warn"
    assert "DROP TABLE" in found["table"].remedy
    engine.dispose()


def test_a_server_of_vectors_that_is_away_is_said_so(settings: Settings) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    away = settings.model_copy(update={"index": "pgvector", "database_url": url})
    (found,) = vectors.check(away)
    assert found.status == "fail"
    assert "does not answer" in found.detail
