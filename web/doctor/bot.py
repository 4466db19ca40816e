"""The bot: trained for the present project, and reachable with our secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx

from web.doctor.findings import Finding
from web.settings import Settings
from web.supervisor.bot_project import BotProject
from web.supervisor.environment import local_url
from web.supervisor.secret_file import with_secrets

_AREA = "bot"
_TIMEOUT_S = 3.0


def check(settings: Settings) -> Iterator[Finding]:
    """Look at the trained model, then ask the server for its health and with the secret."""
    embedded = settings.bot_url is None
    if embedded:
        yield _trained(BotProject(settings.data_dir / "bot" / "models"))
    base = settings.bot_url or f"http://127.0.0.1:{settings.bot_port}"
    base = base.rstrip("/") + "/webhooks/grapevine"
    with httpx.Client(timeout=_TIMEOUT_S) as client:
        try:
            health = client.get(f"{base}/health")
        except httpx.HTTPError as error:
            yield _unreachable(settings, base, error)
            return
        yield _ready(health, base)
        yield _secret(client, settings, base)


def _trained(project: BotProject) -> Finding:
    model = project.model()
    if model.is_file():
        return Finding(_AREA, "trained", "ok", model.name)
    return Finding(
        _AREA, "trained", "warn", "no model of the present project yet",
        "none needed: 'grapevine up' trains it at its next start",
    )  # fmt: skip


def _unreachable(settings: Settings, base: str, error: Exception) -> Finding:
    if settings.bot_url is not None:
        return Finding(
            _AREA, "reachable", "fail", f"{base} does not answer: {error}",
            "start that server, or correct GRAPEVINE_BOT_URL",
        )  # fmt: skip
    if _web_answers(settings):
        return Finding(
            _AREA, "reachable", "fail", "the web process answers, the bot does not",
            f"see {Path(settings.data_dir) / 'logs' / 'bot.log'}; restart 'grapevine up'",
        )  # fmt: skip
    return Finding(
        _AREA, "reachable", "ok", "not running, nor is the web process ('grapevine up' starts both)"
    )


def _web_answers(settings: Settings) -> bool:
    try:
        return httpx.get(f"{local_url(settings)}/healthz", timeout=_TIMEOUT_S).is_success
    except httpx.HTTPError:
        return False


def _ready(health: httpx.Response, base: str) -> Finding:
    try:
        document = health.json()
        ready, model = bool(document["ready"]), document["model"]
    except (ValueError, KeyError, TypeError):
        return Finding(
            _AREA, "reachable", "fail", f"{base} is no Grapevine bot (HTTP {health.status_code})",
            "another program has that port: set GRAPEVINE_BOT_PORT to a free one",
        )  # fmt: skip
    if not ready:
        return Finding(
            _AREA, "reachable", "warn", "it runs but has no model loaded yet", "wait some seconds"
        )
    return Finding(_AREA, "reachable", "ok", f"answers with {model}")


def _secret(client: httpx.Client, settings: Settings, base: str) -> Finding:
    secret = with_secrets(settings).bot_secret
    assert secret is not None
    # A body that is no turn: refused before anything is done, but only once the secret was right.
    answer = client.post(
        f"{base}/turn", json={}, headers={"Authorization": f"Bearer {secret.get_secret_value()}"}
    )
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return Finding(
            _AREA, "secret", "fail", "the bot refuses our secret",
            "give both the same GRAPEVINE_BOT_SECRET, or restart 'grapevine up'",
        )  # fmt: skip
    return Finding(_AREA, "secret", "ok", "accepted by the bot")
