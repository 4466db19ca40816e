"""The web process on the real encoders and the demo base, in both languages, then from disk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tests.web.gateway_world import SECRET, StandInBot, wait_for
from web.app import create_app, server_config
from web.services import Services
from web.settings import Settings
from web.supervisor.preparation import prepare_database

pytestmark = pytest.mark.models


@contextmanager
def serving(folder: Path, bot: StandInBot, **changes: Any) -> Iterator[tuple[str, Services]]:
    settings = Settings(
        data_dir=folder,
        bot_url=f"http://127.0.0.1:{bot.port}",
        bot_secret=SECRET,  # type: ignore[arg-type]
        generator="none",
        demo=True,
        **changes,
    )
    prepare_database(settings)
    app = create_app(settings)
    services: Services = app.state.services
    config = server_config(app, settings)
    config.port = 0
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started and services.indexer.missing is None, 120)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", services
    finally:
        server.should_exit = True
        thread.join(20)


def ask(url: str, text: str) -> dict[str, object]:
    made = httpx.post(f"{url}/v1/conversations", json={}).json()
    reply: dict[str, object] = httpx.post(
        f"{url}/v1/conversations/{made['conversation_id']}/messages",
        json={"client_message_id": "1", "text": text},
        headers={"Authorization": f"Bearer {made['token']}"},
        timeout=30,
    ).json()["reply"]
    return reply


def test_right_answers_in_both_languages_and_a_warm_start(tmp_path: Path) -> None:
    bot = StandInBot()
    try:
        for _ in range(2):
            with serving(tmp_path, bot) as (url, services):
                for lang in ("en", "zh"):
                    entry = next(e for e in services.store.published() if e.lang == lang)
                    reply = ask(url, entry.question)
                    provenance = reply["provenance"]
                    assert isinstance(provenance, dict)
                    assert (reply["text"], provenance["route"]) == (entry.answer, "answer")
                    assert provenance["lang"] == lang
                    assert [e["id"] for e in provenance["entries"]] == [entry.id]
                    assert provenance["entries"][0]["since"]
                    assert provenance["models"]["encoder"]
                assert services.retriever.check(services.store.published()).ok
            # The second round starts from what the first one wrote to disk at its end.
            assert any((tmp_path / "index").iterdir())
    finally:
        bot.close()


def test_two_servers_share_their_vectors_in_postgres(
    tmp_path: Path, empty_postgres_url: str
) -> None:
    bot, shared = StandInBot(), {"database_url": empty_postgres_url, "index": "pgvector"}
    try:
        with (
            serving(tmp_path / "one", bot, **shared) as (url, one),
            serving(tmp_path / "two", bot, **shared) as (other_url, two),
        ):
            entry = next(e for e in one.store.published() if e.lang == "zh")
            one.store.edit(entry.id, author="kim", answer="改过的回答。")
            for address in (url, other_url):
                wait_for(lambda at=address: ask(at, entry.question)["text"] == "改过的回答。", 30)
            one.store.set_status(entry.id, "disabled", author="kim")
            wait_for(lambda: not any(s.book.get(entry.id) for s in (one, two)))
            for address in (url, other_url):
                assert ask(address, entry.question)["text"] != "改过的回答。"
            for services in (one, two):
                assert services.retriever.check(services.store.published()).ok
    finally:
        bot.close()
