"""Static files of the site, under an address that changes when any of them changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

STATIC_DIR = Path(__file__).resolve().parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file as it is sent."""

    content: bytes
    media_type: str


class Assets:
    """All static files, read once. Names are paths below ``static``, such as ``site.css``.

    The files name each other by relative addresses, so one hash over all of them stands in the
    path: browsers may keep them for good, and a changed file has a new address.
    """

    def __init__(self, folder: Path = STATIC_DIR) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): Asset(path.read_bytes(), _TYPES[path.suffix])
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }
        digest = hashlib.sha256()
        for name, asset in self._files.items():
            digest.update(name.encode() + b"\0" + asset.content + b"\0")
        self.version = digest.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Address of a file. Raises KeyError where there is none: a page must not name it."""
        if name not in self._files:
            raise KeyError(name)
        return f"/site-assets/{self.version}/{name}"

    def get(self, version: str, name: str) -> Asset | None:
        """The file at an address, or None; an older version's address is not answered."""
        return self._files.get(name) if version == self.version else None
