"""Runs every check, so that one that breaks does not hide the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from web.doctor import bot, database, environment, fonts, index, models, vectors
from web.doctor.findings import Check, Finding
from web.settings import Settings

CHECKS: Mapping[str, Check] = {
    "environment": environment.check,
    "database": database.check,
    "models": models.check,
    "index": index.check,
    "vectors": vectors.check,
    "bot": bot.check,
    "fonts": fonts.check,
}


def examine(settings: Settings, checks: Mapping[str, Check] = CHECKS) -> Iterator[Finding]:
    """Look at everything, in order; findings come as they are made."""
    for area, check in checks.items():
        try:
            yield from check(settings)
        except Exception as error:  # noqa: BLE001 - an installation can be broken in any way
            yield Finding(
                area,
                "check",
                "fail",
                f"could not be looked at: {type(error).__name__}: {error}",
                "mend what the message names; if nothing else fails, run 'make setup' again",
            )
