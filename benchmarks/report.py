"""What every result file says about the run that made it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def provenance(seed: int | None, data: Iterable[Path]) -> dict[str, Any]:
    """Commit, seed, data hash, processor and thread count of this run."""
    return {
        "commit": _commit(),
        "seed": seed,
        "data": {path.name: sha256_of(path) for path in data},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "threads": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write(path: Path | None, body: dict[str, Any]) -> None:
    """Write the result as JSON where a path was given."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", "utf-8")


def sha256_of(path: Path) -> str:
    """The file's sha256 in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _commit() -> str | None:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
