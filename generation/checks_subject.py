"""Checks of the subject: a number, a price, a "free" belongs to one thing and to no other."""

from __future__ import annotations

from collections.abc import Iterable

from generation.alignment import holds, is_imperative
from generation.claims import Claim
from generation.evidence import Ground, compete
from generation.quantities import Quantity
from generation.reading_en import canonical

_COSTS = frozenset({canonical("charge"), canonical("fee"), canonical("pay"), "收费", "收取"})
_SUBJECT_WORDS = frozenset({"this", "it", "that", "they", "which", "we"})
_SWEEPING = frozenset({canonical("free"), canonical("unlimited"), "free", "unlimited"})


def _effective_names(evidence: Claim) -> dict[int, frozenset[str]]:
    """Names that hold in each clause: its own, or those of the clause before."""
    names: dict[int, frozenset[str]] = {}
    current: frozenset[str] = frozenset()
    for number in evidence.clauses:
        current = evidence.in_clause(number).entities or current
        names[number] = current
    return names


def binding(claim: Claim, ground: Ground) -> Iterable[str]:
    """A quantity belongs to the thing that it belongs to in the evidence."""
    evidence = ground.claim
    effective = _effective_names(evidence)
    names = claim.entities & evidence.entities
    for number in claim.clauses:
        clause = claim.in_clause(number)
        own = (clause.entities & evidence.entities) or names
        for quantity in clause.quantities:
            homes = [n for n in evidence.clauses if holds(evidence.in_clause(n), quantity)]
            if not homes:
                continue
            if _bound_elsewhere(own, [effective[n] for n in homes]):
                yield f"belongs to another: {quantity.text.strip()}"
            elif _neighbour_elsewhere(clause, quantity, evidence, homes):
                yield f"belongs to something else: {quantity.text.strip()}"


def _bound_elsewhere(own: frozenset[str], homes: list[frozenset[str]]) -> bool:
    for name in own:
        if all(name not in held and any(compete(name, h) for h in held) for held in homes):
            return True
    return False


def _neighbour_elsewhere(
    clause: Claim, quantity: Quantity, evidence: Claim, homes: list[int]
) -> bool:
    """Whether the word beside the quantity stands with another such quantity in the evidence."""
    term = _neighbour(clause, quantity)
    if term is None or any(term in evidence.in_clause(n).terms for n in homes):
        return False
    for number in evidence.clauses:
        part = evidence.in_clause(number)
        if term in part.terms and number not in homes and _rivals(part, quantity):
            return True
    return False


def _rivals(part: Claim, quantity: Quantity) -> bool:
    """Whether a clause counts the same sort of thing; a plain number may be any of them."""
    if quantity.kind == "count" and any(x.startswith("phone:") for x in part.literals):
        return True
    return any(
        (q.kind, q.unit) == (quantity.kind, quantity.unit)
        or {q.kind, quantity.kind} == {"count", "measure"}
        for q in part.quantities
    )


def _neighbour(clause: Claim, quantity: Quantity) -> str | None:
    tokens = [t for t in clause.tokens if t.kind in ("term", "entity") or t.quantity is not None]
    index = next((i for i, t in enumerate(tokens) if t.quantity == quantity), None)
    if index is None:
        return None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    before = tokens[index - 1] if index else None
    for token in (after, before):
        if token is not None and token.kind == "term":
            return token.value
    return None


def substitution(claim: Claim, ground: Ground) -> Iterable[str]:
    """A topic word put in the place of the thing that the sentence is about."""
    evidence = ground.claim
    if claim.lang == "zh":
        added = [t for t in claim.terms if t not in evidence.terms and t not in evidence.haystack]
    else:
        added = sorted(claim.terms - evidence.terms - evidence.entities - ground.names)
    first = next((t.value for t in evidence.tokens if t.kind in ("term", "entity")), None)
    opening = next((t.value for t in claim.tokens if t.kind in ("term", "entity")), None)
    if opening in added and opening in ground.elsewhere:
        yield f"speaks of {opening}, which another sentence is about"
    if added and opening in added and first is not None and first not in claim.terms:
        subject = next((t for t in evidence.tokens if t.kind in ("term", "entity", "pron")), None)
        if is_imperative(evidence) or (subject is not None and subject.kind == "pron"):
            return
        yield f"speaks of {opening}, where the evidence speaks of {first}"


def instruction(claim: Claim, evidence: Claim) -> Iterable[str]:
    """ "This erases your settings" is no advice to erase them."""
    first = claim.tokens[0] if claim.tokens else None
    if claim.lang != "en" or first is None or first.kind != "term":
        return
    places = [i for i, t in enumerate(evidence.tokens) if t.value == first.value]
    before = [evidence.tokens[i - 1].value if i else "" for i in places]
    if before and all(b in _SUBJECT_WORDS for b in before):
        yield f"turned into an instruction: {first.value}"


def narrowed(claim: Claim, ground: Ground, question: Claim | None) -> Iterable[str]:
    """ "Free with Fibre 1000" does not make "free", nor does "free online"."""
    evidence = ground.claim
    if not _free_things(claim) <= _free_things(evidence) | {""}:
        yield f"not free in the evidence: {max(_free_things(claim))}"
    if (claim.terms & _COSTS) and (evidence.terms & _SWEEPING) and not claim.terms & _SWEEPING:
        yield "dropped: free"
    stated = claim.terms | ground.topic | (question.terms if question else frozenset())
    for clause in evidence.clauses:
        part = evidence.in_clause(clause)
        words = part.terms - part.entities
        if part.terms & claim.terms & _SWEEPING and not words <= stated:
            yield f"restriction dropped: {min(words - stated)}"
        named = part.entities and not part.entities & (stated | ground.asked)
        if named and _used(part, claim):
            yield f"restriction dropped: {min(part.entities)}"


def _free_things(claim: Claim) -> set[str]:
    """What directly follows "free": the month in "a free month"."""
    pairs = zip(claim.tokens, claim.tokens[1:], strict=False)
    return {b.value for a, b in pairs if a.value in _SWEEPING and b.kind in ("term", "per")}


def _used(part: Claim, claim: Claim) -> bool:
    return bool((part.terms - part.entities) & claim.terms) or any(
        holds(claim, q) for q in part.quantities
    )


def other_subject(claim: Claim, ground: Ground, question: Claim | None) -> Iterable[str]:
    """A sentence without a name answers for the thing that was asked about."""
    if question is None or claim.entities & ground.names:
        return
    asked = question.entities
    for name in sorted(ground.names):
        rivals = [a for a in asked if compete(a, name) and _numbered(a)]
        if rivals and name not in asked and not asked & ground.names:
            yield f"speaks of {name}, asked was {rivals[0]}"
            return


def _numbered(name: str) -> bool:
    return " " in name or any(c.isdigit() for c in name)
