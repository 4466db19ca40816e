"""What retrieval takes and gives: entries in, evidence out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Lang = Literal["en", "zh"]
#: A visitor's message; an entry's question or alternative; its question and answer in one.
TextKind = Literal["message", "phrasing", "whole"]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Entry:
    """A published question-and-answer pair as the index sees it.

    ``revision`` grows with every edit; an older revision is never answered again.
    ``translation_of`` names the entry of the other language that this one translates.
    """

    id: str
    revision: int
    lang: Lang
    question: str
    answer: str
    alternatives: tuple[str, ...] = ()
    topic: str | None = None
    translation_of: str | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """One entry of a ranking.

    ``p`` is the calibrated probability that this entry answers the question, ``score`` the
    fused score that ordered it, ``features`` what calibration looked at.
    """

    entry_id: str
    revision: int
    lang: Lang
    p: float
    score: float
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What retrieval knows about one user message.

    ``query`` is the text that was searched for: the message itself, or the message completed
    from earlier turns where it leans on them ("and for the earbuds?").
    ``ranked`` is best first. ``ms`` holds milliseconds by stage.
    """

    text: str
    query: str
    lang: Lang
    ranked: tuple[Ranked, ...]
    features: Mapping[str, float] = field(default_factory=dict)
    ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consistency:
    """Result of comparing an index with the entries it should hold."""

    entries: int
    vectors: int
    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not (self.missing or self.stale or self.unknown)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an encoder makes of one text.

    ``vector`` (dim,) stands for the whole of it and has length 1. ``tokens`` (n, token_dim) stand
    for its tokens, each of length 1, and ``weights`` (n,) say what share each has in what the text
    means; they sum to 1. ``none``: how much the text, as a message, looks like one that nothing
    answers.
    """

    vector: Vectors
    tokens: Vectors
    weights: Vectors
    none: float = 0.0


class Encoder(Protocol):
    """Turns texts into vectors whose dot product is their similarity.

    ``version`` changes with the weights; vectors of two versions cannot be compared.
    ``reads_context``, after ``load``: whether it was trained to read a message behind the turns
    before it. Safe to call from several threads after ``load``.
    """

    name: str
    dim: int
    token_dim: int
    reads_context: bool

    @property
    def version(self) -> str:
        """Name and hash of the weights."""

    def load(self) -> None:
        """Load the model. Raises ModelError."""

    def encode(self, texts: Sequence[str], kind: TextKind = "message") -> Vectors:
        """Return float32 rows of length 1, one for each text. Raises NotLoaded."""

    def read(
        self,
        texts: Sequence[str],
        kind: TextKind = "message",
        before: Sequence[Sequence[str]] = (),
    ) -> list[Reading]:
        """Return vector and token vectors of each text. Raises NotLoaded.

        ``before``: for each text the turns that it followed, oldest first; passed over by an
        encoder that does not read context.
        """


class Retriever(Protocol):
    """Finds the entries that may answer a message. Safe to call from several threads."""

    def load(self) -> None:
        """Load models and the last snapshot. Raises ModelError."""

    def search(
        self,
        text: str,
        *,
        history: Sequence[str] = (),
        lang: Lang | None = None,
        limit: int = 10,
    ) -> Evidence:
        """Rank entries for ``text``; ``history``: the visitor's earlier turns, oldest first."""

    def upsert(self, entries: Iterable[Entry]) -> None:
        """Add or replace entries; visible to the next ``search``."""

    def remove(self, entry_ids: Iterable[str]) -> None:
        """Take entries out; never returned afterwards."""

    def replace_all(self, entries: Iterable[Entry]) -> None:
        """Make the index hold exactly these entries (used on start and for repair)."""

    def check(self, entries: Iterable[Entry]) -> Consistency:
        """Compare the index with the entries that it should hold."""

    def snapshot(self) -> None:
        """Write the index to disk so that the next ``load`` need not encode again."""
