"""Fonts for Chinese and emoji: only screenshots and browsers on this very machine need them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from web.doctor.findings import Finding
from web.settings import Settings

_WANTED = {
    "Chinese": (":lang=zh", "fonts-noto-cjk"),
    "emoji": (":lang=und-zsye", "fonts-noto-color-emoji"),
}


def check(_settings: Settings) -> Iterator[Finding]:
    """Ask fontconfig for one font of each kind."""
    program = shutil.which("fc-list")
    if program is None:
        yield Finding(
            "fonts", "fontconfig", "warn", "fc-list is not installed, so fonts are unknown",
            "only for browser tests here: run 'scripts/system-deps'",
        )  # fmt: skip
        return
    for name, (pattern, package) in _WANTED.items():
        asked = subprocess.run(  # noqa: S603 - found on PATH, fixed arguments
            [program, pattern, "family"], capture_output=True, text=True
        )
        fonts = asked.stdout.strip().splitlines()
        if fonts:
            yield Finding("fonts", name, "ok", sorted(fonts)[0])
        else:
            yield Finding(
                "fonts", name, "warn", "none: screenshots made here show empty boxes",
                f"install {package}, or run 'scripts/system-deps'",
            )  # fmt: skip
