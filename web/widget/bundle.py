"""Puts the widget's sources together into one classic script, without a build step.

The files under ``src`` share one scope: a function around all of them keeps their names off the
page. The style sheet becomes a string constant, so that the page needs no second request.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE_DIR = Path(__file__).resolve().parent / "src"

#: Protocol logic: no DOM, no clock, no network; tested on its own.
CORE = ("text", "i18n", "state", "backoff", "transcript")
#: The rest, in the order in which one leans on the other.
UI = ("dom", "source", "messages", "composer", "menu", "sheet", "shape", "log", "panel")
#: Style sheets; a later one may overrule an earlier one.
STYLES = ("base", "frame", "messages", "answers", "composer", "sheets", "wishes")

_BANNER = "/* Grapevine chat widget. Apache-2.0. */\n"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# Only comments that begin a line: what stands behind code might be part of a string.
_LINE_COMMENTS = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)[ \t]*\n", re.DOTALL | re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The script as it is sent; ``etag`` is quoted as HTTP wants it."""

    script: bytes
    gzipped: bytes
    sha256: str

    @property
    def etag(self) -> str:
        """Strong validator of the script's bytes."""
        return f'"{self.sha256[:20]}"'


def core_source() -> str:
    """The protocol logic alone, for tests without a browser."""
    return _joined([SOURCE_DIR / "core" / f"{name}.js" for name in CORE])


@cache
def build() -> Bundle:
    """Read all sources and make the script. Raises OSError where one is missing."""
    styles = f"const STYLES = {json.dumps(_plain_css())};\n"
    rest = _joined(
        [
            SOURCE_DIR / "session.js",
            *(SOURCE_DIR / "ui" / f"{name}.js" for name in UI),
            SOURCE_DIR / "element.js",
        ]
    )
    body = f'(() => {{\n"use strict";\n{_plain_js(core_source())}{styles}{_plain_js(rest)}}})();\n'
    script = (_BANNER + body).encode()
    return Bundle(script, gzip.compress(script, 9, mtime=0), hashlib.sha256(script).hexdigest())


def _joined(paths: list[Path]) -> str:
    return "".join(f"{path.read_text(encoding='utf-8').rstrip()}\n\n" for path in paths)


def _plain_js(source: str) -> str:
    """Without comments, indentation and empty lines; sources hold no text over several lines."""
    lines = _INDENT.sub("", _LINE_COMMENTS.sub("", source)).splitlines()
    return "".join(f"{line}\n" for line in lines if line)


def _plain_css() -> str:
    css = _joined([SOURCE_DIR / "styles" / f"{name}.css" for name in STYLES])
    return _SPACE.sub(" ", _COMMENT.sub("", css)).strip()
