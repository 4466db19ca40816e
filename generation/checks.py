"""What one sentence of evidence holds against a claim: a list of objections, best if empty.

Every check errs on the side of the evidence: a true sentence said in quite other words is
refused, since the entry itself can always be shown instead.
"""

from __future__ import annotations

from generation import checks_presence as presence
from generation import checks_sense as sense
from generation import checks_subject as subject
from generation.claims import Claim
from generation.evidence import Ground


def objections(claim: Claim, ground: Ground, question: Claim | None) -> list[str]:
    """Why ``ground`` does not support ``claim``; empty where it does."""
    return [
        *presence.literals(claim, ground),
        *presence.coverage(claim, ground),
        *presence.quantities(claim, ground.claim),
        *presence.periods(claim, ground.claim),
        *presence.marks(claim, ground, question),
        *sense.polarity(claim, ground.claim),
        *sense.modals(claim, ground.claim),
        *sense.subjects(claim, ground.claim),
        *sense.links(claim, ground.claim),
        *sense.moments(claim, ground.claim),
        *subject.binding(claim, ground),
        *subject.substitution(claim, ground),
        *subject.instruction(claim, ground.claim),
        *subject.narrowed(claim, ground, question),
        *subject.other_subject(claim, ground, question),
    ]
