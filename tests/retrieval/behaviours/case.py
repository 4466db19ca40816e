"""One thing that a visitor writes, and what retrieval has to make of it."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.types import Evidence, Retriever

#: From here on an entry would be answered rather than asked about.
ANSWERED = 0.5


@dataclass(frozen=True, slots=True)
class Case:
    """``expected``: the id of the entry that answers, None where none does, several where the
    message holds a question for each, in their order. ``before``: earlier turns, oldest first."""

    text: str
    expected: str | tuple[str, ...] | None
    before: tuple[str, ...] = ()

    def managed(self, evidence: Evidence) -> bool:
        """Whether the evidence is right: the entry is likelier than any other and than that
        nothing answers; all of several are; or none is likely enough to be answered."""
        ranked = evidence.ranked
        if self.expected is None:
            return not ranked or ranked[0].p < ANSWERED
        if isinstance(self.expected, tuple):
            parts = int(evidence.features["parts"])
            return tuple(one.entry_id for one in ranked[:parts]) == self.expected
        first = ranked[0] if ranked else None
        likeliest = first is not None and first.p > evidence.features["none"]
        return likeliest and first is not None and first.entry_id == self.expected

    def ask(self, retriever: Retriever) -> Evidence:
        """What retrieval makes of it."""
        return retriever.search(self.text, history=self.before)


class Weak(Case):
    """A case that is not managed yet (docs/developers/retrieval.md, "Known weaknesses")."""

    __slots__ = ()
