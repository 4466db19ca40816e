"""Which clauses of the evidence a clause of a claim stands on."""

from __future__ import annotations

from generation.claims import Claim
from generation.lexicon_en import IMPERATIVES
from generation.quantities import Quantity
from generation.reading_en import canonical

_IMPERATIVE_STEMS = frozenset(canonical(w) for w in IMPERATIVES)


def items(claim: Claim) -> list[str | Quantity]:
    """Terms, literals and quantities of a claim."""
    return [*sorted(claim.terms | claim.literals), *claim.quantities]


def holds(part: Claim, item: str | Quantity) -> bool:
    """Whether a part of a sentence holds an item."""
    if isinstance(item, Quantity):
        return any(item.same_value(q) for q in part.quantities)
    return item in part.terms or item in part.literals


def picks_of(clause: Claim, evidence: Claim) -> frozenset[int]:
    """The fewest clauses of the evidence that together hold what ``clause`` says."""
    parts = {number: evidence.in_clause(number) for number in evidence.clauses}
    left = [i for i in items(clause) if any(holds(p, i) for p in parts.values())]
    negated = is_negated(clause)
    chosen: set[int] = set()
    while left:
        best = max(
            parts,
            key=lambda n: (
                sum(holds(parts[n], i) for i in left), is_negated(parts[n]) == negated, -n
            ),
        )  # fmt: skip
        chosen.add(best)
        left = [i for i in left if not holds(parts[best], i)]
    return frozenset(chosen)


def is_negated(claim: Claim) -> bool:
    """Whether a clause is negated (twice is not)."""
    return claim.values("mark").count("not") % 2 == 1


def is_imperative(claim: Claim) -> bool:
    """Whether a clause of the claim opens with a verb that tells the reader what to do."""
    for number in claim.clauses:
        first = next((t for t in claim.tokens if t.clause == number and t.kind != "light"), None)
        if first is None or first.kind != "term":
            continue
        if claim.lang == "zh" or first.value in _IMPERATIVE_STEMS:
            return True
    return False
