"""The docs as their tests see them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))


@dataclass(frozen=True)
class Example:
    """A shell example that is marked for execution; ``needs`` is "", "models" or "e2e"."""

    page: Path
    line: int
    needs: str
    script: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


_MARKED = re.compile(r"<!-- run(?:: (\w+))? -->\n+```sh\n(.*?)```", re.DOTALL)


def examples(page: Path) -> Iterator[Example]:
    """Every marked example of a page."""
    text = page.read_text(encoding="utf-8")
    for found in _MARKED.finditer(text):
        line = text[: found.start()].count("\n") + 1
        yield Example(page, line, found.group(1) or "", found.group(2))
