"""What a converted model folder must hold, and whether it still does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import ModelCorrupt

MANIFEST = "manifest.json"
_VERIFIED = ".verified.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Name, fingerprint and source of a converted model, and the sha256 of each of its files."""

    name: str
    kind: str
    fingerprint: str
    source: str
    files: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of ``folder``. Raises ModelCorrupt where it cannot be read."""
        try:
            raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            return cls(raw["name"], raw["kind"], raw["fingerprint"], raw["source"], raw["files"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelCorrupt(
                f"{folder / MANIFEST} cannot be read ({error}). {mend(folder.name)}"
            ) from error

    @classmethod
    def of(cls, folder: Path, name: str, kind: str, fingerprint: str, source: str) -> Manifest:
        """Hash every file of ``folder`` and write the manifest beside them."""
        files = {p.name: sha256_of(p) for p in sorted(folder.iterdir()) if p.is_file()}
        manifest = cls(name, kind, fingerprint, source, files)
        text = {
            "name": name,
            "kind": kind,
            "fingerprint": fingerprint,
            "source": source,
            "files": files,
        }
        (folder / MANIFEST).write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")
        return manifest


def mend(name: str) -> str:
    """The sentence that ends every complaint about a model."""
    return f"Fetch it again with: grapevine models fetch {name.replace('--', '/')} --force"


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify_folder(folder: Path, *, full: bool = False) -> Manifest:
    """Check that ``folder`` holds exactly what its manifest says.

    A file whose size and modification time are those of its last good hash is not hashed again
    unless ``full``. Raises ModelCorrupt.
    """
    manifest = Manifest.read(folder)
    known = {} if full else _read_verified(folder)
    seen: dict[str, list[int]] = {}
    for name, wanted in manifest.files.items():
        path = folder / name
        try:
            stat = path.stat()
        except OSError as error:
            raise ModelCorrupt(f"{path} is missing. {mend(folder.name)}") from error
        seen[name] = [stat.st_size, stat.st_mtime_ns]
        if known.get(name) == seen[name]:
            continue
        found = sha256_of(path)
        if found != wanted:
            raise ModelCorrupt(
                f"{path} is damaged: its sha256 begins {found[:12]}, {wanted[:12]} was expected. "
                f"{mend(folder.name)}"
            )
    if known != seen:
        _write_verified(folder, seen)
    return manifest


def _read_verified(folder: Path) -> dict[str, list[int]]:
    try:
        raw = json.loads((folder / _VERIFIED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return raw if isinstance(raw, dict) else {}


def _write_verified(folder: Path, seen: Mapping[str, list[int]]) -> None:
    # Only a shortcut for the next start: a read-only cache must not stop the load.
    try:
        (folder / _VERIFIED).write_text(json.dumps(seen), encoding="utf-8")
    except OSError:
        return
