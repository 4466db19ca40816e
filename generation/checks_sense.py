"""Checks of sense: negation, modals, persons, before and after."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from generation.alignment import is_imperative, is_negated, items, picks_of
from generation.claims import Claim

_MODALS = frozenset({"must", "may", "can", "should", "noneed"})
_LINKS = ({"from", "to"}, {"with", "without"}, {"before", "after"}, {"by", "without"})
_REACH = 3
_MOMENTS = frozenset({"before", "after", "until"})


def polarity(claim: Claim, evidence: Claim) -> Iterable[str]:
    """Negation, clause by clause."""
    for number in claim.clauses:
        clause = claim.in_clause(number)
        picks = picks_of(clause, evidence)
        if not picks:
            twins = [p for p in map(evidence.in_clause, evidence.clauses) if not items(p)]
            held = {is_negated(p) for p in twins} or {
                "not" in evidence.marks and is_negated(clause)
            }
            if is_negated(clause) not in held:
                yield "negation differs"
            continue
        negated = any(is_negated(evidence.in_clause(n)) for n in picks)
        if negated != is_negated(clause):
            yield "negation dropped" if negated else "negation added"


def modals(claim: Claim, evidence: Claim) -> Iterable[str]:
    """Must, may, can, should: neither stronger nor weaker."""
    for number in claim.clauses:
        clause = claim.in_clause(number)
        picks = picks_of(clause, evidence)
        if not picks:
            continue
        base = evidence.only(picks)
        said, held = clause.marks & _MODALS, base.marks & _MODALS
        free = is_imperative(base) or ("need" in base.terms and "must" in said)
        for modal in sorted(said - held):
            if not _modal_allowed(modal, held, free, clause):
                yield f"modal added: {modal}"
        for modal in sorted(held - said):
            if modal == "noneed" or (modal == "may" and "can" not in said):
                yield f"modal dropped: {modal}"
            if modal == "must" and not ({"need"} & clause.terms or is_imperative(clause)):
                yield "obligation dropped"


def _modal_allowed(modal: str, held: frozenset[str], imperative: bool, clause: Claim) -> bool:
    if modal == "can":
        return (
            "may" in held
            or imperative
            or ("must" not in held and "you" in clause.values("pron") and "not" not in clause.marks)
        )
    if modal in ("must", "should"):
        return imperative or (modal == "should" and "must" in held)
    return modal == "may" and "can" in held


def _pairs(claim: Claim) -> dict[str, set[str]]:
    """Term to the persons (you, we) that stand directly before it."""
    pairs: dict[str, set[str]] = {}
    person, reach = "", 0
    for token in claim.tokens:
        if token.kind == "pron":
            person, reach = token.value, _REACH
        elif person and token.kind != "mark":
            # "You get", "we and you": a light word beside the person is bound to it as well.
            if reach == _REACH or (reach > 0 and token.kind != "light"):
                pairs.setdefault(token.value, set()).add(person)
            person = person if token.kind == "light" else ""
            reach -= 1
    for number in claim.clauses if claim.lang == "en" else ():
        part = claim.in_clause(number)
        first = next((t for t in part.tokens if t.kind != "light"), None)
        if first is not None and first.kind == "term" and is_imperative(part):
            pairs.setdefault(first.value, set()).add("you")
    return pairs


def subjects(claim: Claim, evidence: Claim) -> Iterable[str]:
    """Who does it: you or we."""
    held = _pairs(evidence)
    for term, persons in sorted(_pairs(claim).items()):
        if term in held and not (persons & held[term]):
            yield f"wrong person: {min(persons)} {term}"
        elif persons == {"we"} and _others_do_it(claim, evidence, term):
            yield f"wrong person: we {term}"


def _others_do_it(claim: Claim, evidence: Claim, term: str) -> bool:
    """Whether evidence that never says "we" leaves the doing to the reader or to someone else."""
    persons = evidence.values("pron")
    if "we" in persons:
        return False
    if claim.lang == "zh" or term not in claim.terms:
        # A Chinese sentence without a subject tells of us, unless it asks the reader.
        return "you" in persons or "请" in evidence.values("light")
    return True


def _link_pairs(claim: Claim) -> dict[str, set[str]]:
    pairs: dict[str, set[str]] = {}
    link = ""
    names = set().union(*_LINKS)
    for token in claim.tokens:
        if token.value in names and token.kind in ("light", "mark"):
            link = token.value
        elif token.kind in ("term", "entity"):
            if link:
                pairs.setdefault(token.value, set()).add(link)
            link = ""
    return pairs


def links(claim: Claim, evidence: Claim) -> Iterable[str]:
    """From and to, with and without."""
    held = _link_pairs(evidence)
    for term, links in sorted(_link_pairs(claim).items()):
        for group in _LINKS:
            said, stood = links & group, held.get(term, set()) & group
            if said and stood and not said & stood:
                yield f"{min(said)} {term}, where the evidence says {min(stood)}"


def _moment_pairs(claim: Claim) -> set[tuple[str, str, float, float]]:
    """Quantities that "before", "after" or "until" takes: ("after", "min", 4320, 4320)."""
    tokens = [t for t in claim.tokens if t.kind != "light"]
    pairs = set()
    for one, two in itertools.pairwise(tokens):
        mark, counted = (two, one) if claim.lang == "zh" else (one, two)
        if counted.quantity is not None and mark.kind == "mark" and mark.value in _MOMENTS:
            q = counted.quantity
            pairs.add((mark.value, q.unit, q.low, q.high))
    return pairs


def moments(claim: Claim, evidence: Claim) -> Iterable[str]:
    """ "For 14 days after the order" is not "after 14 days"."""
    said, held = _moment_pairs(claim), _moment_pairs(evidence)
    counted = {(q.unit, q.low, q.high) for q in claim.quantities}
    for mark, *_ in sorted(said - held):
        yield f"{mark} was not said of that time"
    for mark, *quantity in sorted(held - said):
        if tuple(quantity) in counted:
            yield f"dropped: {mark}"
