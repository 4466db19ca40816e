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
    ``max_tokens`` bounds what is written. ``prefix`` is how the reply already begins: the
    generator goes on from there and does not repeat it. ``temperature`` 0 asks for the most
    likely text, more for another try.
    """

    text: str
    lang: str
    sources: Sequence[Source] = ()
    history: Sequence[tuple[str, str]] = ()
    max_tokens: int = 160
    prefix: str = ""
    temperature: float = 0.0


class Generator(Protocol):
    """Writes text piece by piece. ``languages`` lists what it can write."""

    name: str
    version: str
    languages: frozenset[str]

    def load(self) -> None:
        """Load the model. Raises ModelError of the model store."""

    def stream(self, request: GenerationRequest, cancel: threading.Event) -> Iterator[str]:
        """Yield pieces of text until done; stop soon after ``cancel`` is set.

        Pieces are never empty and never cut a character. Raises GeneratorNotLoaded before
        ``load()`` and GenerationTimeout where the generator has a deadline of its own. Safe to
        call from several threads.
        """
