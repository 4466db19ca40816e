"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from web.settings import Settings

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``remedy`` says how to mend what is not ok."""

    area: str
    name: str
    status: Status
    detail: str
    remedy: str = ""


#: Looks at one area. What it raises becomes a finding of its own.
Check = Callable[[Settings], Iterator[Finding]]
