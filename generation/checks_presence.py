"""Checks of presence: what a claim says has to stand in the evidence.

And what limits it there (a condition, an exception, "up to") has to come along.
"""

from __future__ import annotations

from collections.abc import Iterable

from generation.claims import Claim
from generation.evidence import Ground

_ADDED = frozenset(
    {"if", "unless", "otherwise", "only", "without", "before", "after", "until", "always", "all",
     "any", "both", "instead", "than", "except", "usually", "some"}
)  # fmt: skip
_DROPPED = frozenset(
    {"if", "unless", "otherwise", "only", "without", "before", "after", "until", "except",
     "usually"}
)  # fmt: skip
_SAME_MARK = {"if": {"if", "after"}, "after": {"after", "if"}}


def literals(claim: Claim, ground: Ground) -> Iterable[str]:
    """Links, addresses and phone numbers, character by character."""
    for literal in sorted(claim.literals - ground.claim.literals):
        yield f"{literal.split(':', 1)[0]} not in the evidence: {literal.split(':', 1)[1]}"


def missing_terms(claim: Claim, ground: Ground) -> list[str]:
    """Content words and names of ``claim`` that neither ``ground`` nor its topic holds."""
    held = ground.claim.terms | ground.names | ground.topic
    held |= {word for name in ground.names for word in name.split() if not word.isdigit()}
    absent = sorted(claim.terms - held)
    if claim.lang == "zh":
        text = ground.claim.haystack + "\n" + ground.topic_text
        absent = [term for term in absent if not (_wide(term) and term in text)]
    return absent


def _wide(term: str) -> bool:
    # A name with a number ("光纤100") has to match as a whole, not inside "光纤1000".
    return not any(c.isdigit() for c in term) and term not in ("free", "unlimited", "certain")


def coverage(claim: Claim, ground: Ground) -> Iterable[str]:
    """Content words and names."""
    for term in missing_terms(claim, ground):
        yield f"not in the evidence: {term}"


def quantities(claim: Claim, evidence: Claim) -> Iterable[str]:
    """Numbers with their units and bounds."""
    for quantity in claim.quantities:
        if any(quantity.supported_by(other) for other in evidence.quantities):
            continue
        same = any(quantity.same_value(other) for other in evidence.quantities)
        yield f"{'limit changed' if same else 'not in the evidence'}: {quantity.text.strip()}"


def periods(claim: Claim, evidence: Claim) -> Iterable[str]:
    """ "Per month" must be said where it is meant."""
    for period in sorted(claim.periods - evidence.periods):
        yield f"period not in the evidence: {period}"
    for clause in evidence.clauses:
        part = evidence.in_clause(clause)
        used = any(
            q.kind in ("money", "measure")
            and q.unit not in ("month", "year", "workday")
            and any(q.same_value(o) for o in claim.quantities)
            for q in part.quantities
        )
        if used and part.periods - claim.periods:
            yield f"period dropped: {min(part.periods)}"


def marks(claim: Claim, ground: Ground, question: Claim | None) -> Iterable[str]:
    """Conditions, exceptions and limits, neither added nor dropped."""
    evidence = ground.claim
    for mark in sorted((claim.marks & _ADDED) - evidence.marks):
        if not (_SAME_MARK.get(mark, set()) & evidence.marks):
            yield f"added: {mark}"
    limits = {m for m in claim.marks if m.startswith("limit:")}
    for mark in sorted(limits - evidence.marks):
        yield f"added: {mark}"
    for mark in sorted((evidence.marks & _DROPPED) - claim.marks):
        if _SAME_MARK.get(mark, set()) & claim.marks:
            continue
        if not _excused(mark, evidence, question):
            yield f"dropped: {mark}"


def _excused(mark: str, evidence: Claim, question: Claim | None) -> bool:
    """A condition may go unsaid when the visitor has just stated it."""
    if question is None or mark not in ("if", "after"):
        return False
    terms = {
        t for c in evidence.clauses for t in evidence.in_clause(c).terms
        if mark in evidence.in_clause(c).marks
    }  # fmt: skip
    return bool(terms) and terms <= question.terms and "not" not in evidence.marks
