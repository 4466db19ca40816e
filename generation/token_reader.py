"""What reading a sentence into tokens has in common in both languages: clauses and bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from generation.claims import Token
from generation.quantities import Quantity


@dataclass
class TokenReader:
    """Collects tokens, the clause they stand in, and a bound that waits for its quantity.

    ``reach`` counts down the words over which a bound still holds.
    """

    bound_reach: ClassVar[int]
    clause_marks: ClassVar[frozenset[str]]

    out: list[Token] = field(default_factory=list)
    clause: int = 0
    bound: str = ""
    reach: int = 0

    def add(self, kind: str, value: str, quantity: Quantity | None = None) -> None:
        """Append a token of the present clause."""
        self.out.append(Token(kind, value, self.clause, quantity))

    def new_clause(self) -> None:
        """Begin a clause, unless the present one is still empty."""
        if any(t.clause == self.clause for t in self.out):
            self.clause += 1

    def drop_bound(self) -> None:
        """Keep a limit that stands before no quantity as a mark of its own."""
        if self.bound:
            self.add("mark", f"limit:{self.bound}")
        self.bound = ""

    def mark(self, value: str) -> None:
        """Take a mark of the lexicon: a bound ("b:"), a rate ("per:"), or one of its own."""
        if value.startswith("b:"):
            self.drop_bound()
            self.bound, self.reach = value[2:], self.bound_reach
        elif value.startswith("per:"):
            self.add("per", value[4:])
        else:
            if value in self.clause_marks:
                self.new_clause()
            self.add("mark", value)
