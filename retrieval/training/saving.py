"""Writing what training must not lose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def save(state: dict[str, Any], path: Path) -> None:
    """Write ``state`` to ``path``; by rename, so that a kill leaves what was there before."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
