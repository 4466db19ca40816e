"""What one sentence of evidence holds against a claim: a list of objections, best if empty.

Every check errs on the side of the evidence: a true sentence said in quite other words is
refused, since the entry itself can always be shown instead.
"""

from __future__ import annotations

from collections.abc import Iterable

from generation.claims import Claim
from generation.evidence import Ground, compete
from generation.lexicon_en import IMPERATIVES
from generation.quantities import Quantity
from generation.reading_en import canonical

_ADDED = frozenset(
    {"if", "unless", "otherwise", "only", "without", "before", "after", "until", "always", "all",
     "any", "both", "instead", "than", "except", "usually", "some"}
)  # fmt: skip
_DROPPED = frozenset(
    {"if", "unless", "otherwise", "only", "without", "before", "after", "until", "except",
     "usually"}
)  # fmt: skip
_SAME_MARK = {"if": {"if", "after"}, "after": {"after", "if"}}
_MODALS = frozenset({"must", "may", "can", "should", "noneed"})
_LINKS = ({"from", "to"}, {"with", "without"}, {"before", "after"}, {"by", "without"})
_REACH = 3
_COSTS = frozenset({canonical("charge"), canonical("fee"), canonical("pay"), "收费", "收取"})
_SUBJECT_WORDS = frozenset({"this", "it", "that", "they", "which", "we"})
_SWEEPING = frozenset({canonical("free"), canonical("unlimited"), "free", "unlimited"})
_IMPERATIVE_STEMS = frozenset(canonical(w) for w in IMPERATIVES)


def objections(claim: Claim, ground: Ground, question: Claim | None) -> list[str]:
    """Why ``ground`` does not support ``claim``; empty where it does."""
    return [
        *_literals(claim, ground),
        *_coverage(claim, ground),
        *_quantities(claim, ground.claim),
        *_periods(claim, ground.claim),
        *_marks(claim, ground, question),
        *_polarity(claim, ground.claim),
        *_modals(claim, ground.claim),
        *_subjects(claim, ground.claim),
        *_links(claim, ground.claim),
        *_binding(claim, ground),
        *_substitution(claim, ground),
        *_instruction(claim, ground.claim),
        *_narrowed(claim, ground, question),
        *_other_subject(claim, ground, question),
    ]


def _literals(claim: Claim, ground: Ground) -> Iterable[str]:
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


def _coverage(claim: Claim, ground: Ground) -> Iterable[str]:
    for term in missing_terms(claim, ground):
        yield f"not in the evidence: {term}"


def _quantities(claim: Claim, evidence: Claim) -> Iterable[str]:
    for quantity in claim.quantities:
        if any(quantity.supported_by(other) for other in evidence.quantities):
            continue
        same = any(quantity.same_value(other) for other in evidence.quantities)
        yield f"{'limit changed' if same else 'not in the evidence'}: {quantity.text.strip()}"


def _periods(claim: Claim, evidence: Claim) -> Iterable[str]:
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


def _marks(claim: Claim, ground: Ground, question: Claim | None) -> Iterable[str]:
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


def _items(claim: Claim) -> list[str | Quantity]:
    return [*sorted(claim.terms | claim.literals), *claim.quantities]


def _holds(part: Claim, item: str | Quantity) -> bool:
    if isinstance(item, Quantity):
        return any(item.same_value(q) for q in part.quantities)
    return item in part.terms or item in part.literals


def _picks(clause: Claim, evidence: Claim) -> frozenset[int]:
    """The fewest clauses of the evidence that together hold what ``clause`` says."""
    parts = {number: evidence.in_clause(number) for number in evidence.clauses}
    left = [i for i in _items(clause) if any(_holds(p, i) for p in parts.values())]
    negated = _negated(clause)
    chosen: set[int] = set()
    while left:
        best = max(
            parts,
            key=lambda n: (
                sum(_holds(parts[n], i) for i in left), _negated(parts[n]) == negated, -n
            ),
        )  # fmt: skip
        chosen.add(best)
        left = [i for i in left if not _holds(parts[best], i)]
    return frozenset(chosen)


def _negated(claim: Claim) -> bool:
    return claim.values("mark").count("not") % 2 == 1


def _polarity(claim: Claim, evidence: Claim) -> Iterable[str]:
    for number in claim.clauses:
        clause = claim.in_clause(number)
        picks = _picks(clause, evidence)
        if not picks:
            twins = [p for p in map(evidence.in_clause, evidence.clauses) if not _items(p)]
            held = {_negated(p) for p in twins} or {"not" in evidence.marks and _negated(clause)}
            if _negated(clause) not in held:
                yield "negation differs"
            continue
        negated = any(_negated(evidence.in_clause(n)) for n in picks)
        if negated != _negated(clause):
            yield "negation dropped" if negated else "negation added"


def _modals(claim: Claim, evidence: Claim) -> Iterable[str]:
    for number in claim.clauses:
        clause = claim.in_clause(number)
        picks = _picks(clause, evidence)
        if not picks:
            continue
        base = evidence.only(picks)
        said, held = clause.marks & _MODALS, base.marks & _MODALS
        free = _imperative(base) or ("need" in base.terms and "must" in said)
        for modal in sorted(said - held):
            if not _modal_allowed(modal, held, free, clause):
                yield f"modal added: {modal}"
        for modal in sorted(held - said):
            if modal == "noneed" or (modal == "may" and "can" not in said):
                yield f"modal dropped: {modal}"
            if modal == "must" and not ({"need"} & clause.terms or _imperative(clause)):
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


def _imperative(claim: Claim) -> bool:
    """Whether a clause of the claim opens with a verb that tells the reader what to do."""
    for number in claim.clauses:
        first = next((t for t in claim.tokens if t.clause == number and t.kind != "light"), None)
        if first is None or first.kind != "term":
            continue
        if claim.lang == "zh" or first.value in _IMPERATIVE_STEMS:
            return True
    return False


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
        if first is not None and first.kind == "term" and _imperative(part):
            pairs.setdefault(first.value, set()).add("you")
    return pairs


def _subjects(claim: Claim, evidence: Claim) -> Iterable[str]:
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


def _links(claim: Claim, evidence: Claim) -> Iterable[str]:
    held = _link_pairs(evidence)
    for term, links in sorted(_link_pairs(claim).items()):
        for group in _LINKS:
            said, stood = links & group, held.get(term, set()) & group
            if said and stood and not said & stood:
                yield f"{min(said)} {term}, where the evidence says {min(stood)}"


def _effective_names(evidence: Claim) -> dict[int, frozenset[str]]:
    """Names that hold in each clause: its own, or those of the clause before."""
    names: dict[int, frozenset[str]] = {}
    current: frozenset[str] = frozenset()
    for number in evidence.clauses:
        current = evidence.in_clause(number).entities or current
        names[number] = current
    return names


def _binding(claim: Claim, ground: Ground) -> Iterable[str]:
    evidence = ground.claim
    effective = _effective_names(evidence)
    names = claim.entities & evidence.entities
    for number in claim.clauses:
        clause = claim.in_clause(number)
        own = (clause.entities & evidence.entities) or names
        for quantity in clause.quantities:
            homes = [n for n in evidence.clauses if _holds(evidence.in_clause(n), quantity)]
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


def _substitution(claim: Claim, ground: Ground) -> Iterable[str]:
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
        if _imperative(evidence) or (subject is not None and subject.kind == "pron"):
            return
        yield f"speaks of {opening}, where the evidence speaks of {first}"


def _instruction(claim: Claim, evidence: Claim) -> Iterable[str]:
    """ "This erases your settings" is no advice to erase them."""
    first = claim.tokens[0] if claim.tokens else None
    if claim.lang != "en" or first is None or first.kind != "term":
        return
    places = [i for i, t in enumerate(evidence.tokens) if t.value == first.value]
    before = [evidence.tokens[i - 1].value if i else "" for i in places]
    if before and all(b in _SUBJECT_WORDS for b in before):
        yield f"turned into an instruction: {first.value}"


def _narrowed(claim: Claim, ground: Ground, question: Claim | None) -> Iterable[str]:
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
        _holds(claim, q) for q in part.quantities
    )


def _other_subject(claim: Claim, ground: Ground, question: Claim | None) -> Iterable[str]:
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
