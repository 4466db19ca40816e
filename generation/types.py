"""What generation takes and gives: a request in, pieces of text out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Source:
    """One piece of evidence a reply may stand on."""

    entry_id: str
    question: str
    answer: str
    lang: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One reply to write.

    ``sources`` is empty for small talk. ``history`` holds earlier turns as (role, text) with
    role "user" or "assistant", oldest first; all of it is data, never instruction.
    """

    text: str
    lang: str
    sources: Sequence[Source] = ()
    history: Sequence[tuple[str, str]] = ()
    max_tokens: int = 160


class Generator(Protocol):
    """Writes text piece by piece. ``languages`` lists what it can write."""

    name: str
    version: str
    languages: frozenset[str]

    def load(self) -> None:
        """Load the model. Raises ModelError of the model store."""

    def stream(self, request: GenerationRequest, cancel: threading.Event) -> Iterator[str]:
        """Yield pieces of text until done; stop soon after ``cancel`` is set."""
