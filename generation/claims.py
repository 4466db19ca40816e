"""From a sentence to what it claims: terms, quantities, literals and marks, clause by clause.

The same reading is made of a reply's sentence and of the evidence, so that both meet in one form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from generation.quantities import Quantity


@dataclass(frozen=True, slots=True)
class Token:
    """One meaningful piece of a sentence.

    ``kind``: term (content, stemmed), entity (a name), qty, lit (link, mail, phone), mark
    (negation, condition, modal …), per (a period), pron (you, we), light (asserts nothing).
    ``clause`` numbers the clause within its sentence.
    """

    kind: str
    value: str
    clause: int
    quantity: Quantity | None = None


@dataclass(frozen=True)
class Claim:
    """A sentence as read: its text and tokens in order."""

    text: str
    lang: str
    tokens: tuple[Token, ...]
    haystack: str = ""
    verdict: str = ""
    parts: frozenset[str] = field(default_factory=frozenset)

    def values(self, *kinds: str, clause: int | None = None) -> list[str]:
        """Values of the tokens of these kinds, of one clause or of all."""
        return [
            t.value
            for t in self.tokens
            if t.kind in kinds and (clause is None or t.clause == clause)
        ]

    @cached_property
    def terms(self) -> frozenset[str]:
        """Content words and names."""
        return frozenset(self.values("term", "entity"))

    @cached_property
    def entities(self) -> frozenset[str]:
        """Names alone."""
        return frozenset(self.values("entity"))

    @cached_property
    def marks(self) -> frozenset[str]:
        """Negation, conditions, modals, limits."""
        return frozenset(self.values("mark"))

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """Quantities in order."""
        return tuple(t.quantity for t in self.tokens if t.quantity is not None)

    @cached_property
    def literals(self) -> frozenset[str]:
        """Links, mail addresses, phone numbers."""
        return frozenset(self.values("lit"))

    @cached_property
    def periods(self) -> frozenset[str]:
        """Periods such as month in "per month"."""
        return frozenset(self.values("per"))

    @cached_property
    def clauses(self) -> tuple[int, ...]:
        """Numbers of the clauses that hold anything."""
        return tuple(sorted({t.clause for t in self.tokens if t.kind != "light"}))

    def in_clause(self, clause: int) -> Claim:
        """The part of this claim that stands in one clause."""
        return self.only(frozenset({clause}))

    def only(self, clauses: frozenset[int]) -> Claim:
        """The part of this claim that stands in the given clauses."""
        return Claim(
            self.text,
            self.lang,
            tuple(t for t in self.tokens if t.clause in clauses),
            self.haystack,
            self.verdict,
            self.parts,
        )
