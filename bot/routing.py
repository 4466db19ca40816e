"""The routing rule: which way to answer one message, by lowest expected cost.

Pure and free of input and output; imports neither Rasa nor the rest of the product, and runs on
Python 3.10. Rasa's ``HybridPolicy`` is a shell around it; the web process imports it for the
console's preview and to go on while Rasa is down.

Nouns: ``EvidenceDigest`` (what retrieval believes), ``NluReading`` (what the words look like),
``CostMatrix`` (what a mistake costs), ``Decision`` (one or two ``Directive``s, and why).

The rule is the Bayes decision rule (Berger, *Statistical Decision Theory*, 1985, ch. 1): a
probability for every state of the world, a cost for every route in every state, and the route
with the least expected cost wins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import keywords
from bot.terms import (
    DEFAULT_COSTS,
    MAX_ITEMS,
    MAX_TEXT,
    ROUTES,
    STATES,
    CostMatrix,
    EvidenceDigest,
    EvidenceItem,
    RoutingError,
)

__all__ = [
    "DEFAULT_COSTS",
    "MAX_ITEMS",
    "MAX_TEXT",
    "ROUTES",
    "STATES",
    "CostMatrix",
    "Decision",
    "Directive",
    "EvidenceDigest",
    "EvidenceItem",
    "NluReading",
    "RoutingError",
    "decide",
    "fallback_reading",
    "state_probabilities",
]

MAX_OPTIONS = 3
#: An entry less likely than this is not worth a button or a citation.
_MIN_OPTION_P = 0.08
_MIN_SOURCE_P = 0.2
#: A classifier is never surer than this of words that are not a bare set phrase.
_MAX_CONFIDENCE = 0.95
_EXACT_CONFIDENCE = 0.995
#: Share of messages in an open form that are meant for the form, before looking at them.
_OPEN_FLOW_PRIOR = 0.5
_FILLS_SLOT = 0.95
_SEVERAL_CUE = 0.85
_SURE_STOP = 0.55
#: Surer than this, a yes or no is an answer to the clarification that waits for one.
_SURE_REPLY = 0.7

_STATE_OF_INTENT = {
    "greeting": "chat", "thanks": "chat", "goodbye": "chat", "affirm": "chat", "deny": "chat",
    "bot_identity": "chat", "stop_flow": "chat", "order_status": "flow", "insight": "insight",
    "ask_person": "person",
}  # fmt: skip
#: Said in an open form, these are about the form.
_STATE_IN_FLOW = _STATE_OF_INTENT | dict.fromkeys(("stop_flow", "affirm", "deny"), "flow")
#: How strongly evidence above ``_EVIDENCE_FROM`` speaks against each reading: the factor is
#: exp(-k * (p_top - _EVIDENCE_FROM)). Small talk hardly ever finds an entry; a wish for one's own
#: order or for a person often does ("how do I track an order?").
_EVIDENCE_AGAINST = {"chat": 8.0, "insight": 2.0, "flow": 2.5, "person": 2.0}
_EVIDENCE_FROM = 0.4


@dataclass(frozen=True)
class NluReading:
    """What the words look like.

    ``exact``: the message is nothing but a set phrase. ``ordinal``: it picks the n-th option
    (-1: the last). ``several``: it seems to hold two questions. ``fills_slot``: it holds what an
    open form asked for. ``ranking``: confidence by intent, where the classifier gives it.
    """

    intent: str
    confidence: float
    lang: str
    ranking: Mapping[str, float] = field(default_factory=dict)
    exact: bool = False
    ordinal: int | None = None
    several: bool = False
    fills_slot: bool = False

    @classmethod
    def of_text(
        cls,
        text: str,
        intent: str,
        confidence: float,
        *,
        lang: str | None = None,
        ranking: Mapping[str, float] | None = None,
        fills_slot: bool = False,
    ) -> NluReading:
        """A classifier's reading of ``text``, completed by the cues of single words."""
        exact = keywords.exact_intent(text)
        return cls(
            intent=exact or intent,
            confidence=_EXACT_CONFIDENCE if exact else confidence,
            lang=lang or keywords.language(text),
            ranking={} if exact else dict(ranking or {}),
            exact=exact is not None,
            ordinal=keywords.ordinal(text),
            several=keywords.asks_several(text),
            fills_slot=fills_slot,
        )


def fallback_reading(text: str, lang: str | None = None) -> NluReading:
    """The reading of ``text`` by keywords alone, for the time when Rasa is down."""
    intent, confidence = keywords.read_intent(text)
    return NluReading.of_text(text, intent, confidence, lang=lang)


@dataclass(frozen=True)
class Directive:
    """What to do: a route, the entries it stands on, and why. ``text`` is a finished text."""

    route: str
    entry_ids: tuple[str, ...] = ()
    p: float = 0.0
    reason: str = ""
    text: str | None = None
    intent: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The form in which a directive travels from the bot to the web process."""
        return {
            "route": self.route, "entry_ids": list(self.entry_ids), "p": round(self.p, 4),
            "reason": self.reason, "text": self.text, "intent": self.intent,
        }  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """The directives in the order in which they are said, with P(state) and expected costs."""

    directives: tuple[Directive, ...]
    states: Mapping[str, float] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)

    @property
    def first(self) -> Directive:
        return self.directives[0]


def decide(
    evidence: EvidenceDigest,
    nlu: NluReading,
    costs: CostMatrix = DEFAULT_COSTS,
    *,
    selected_entry_id: str | None = None,
    pending: Sequence[str] = (),
    active_flow: str | None = None,
) -> Decision:
    """Choose the route for one message.

    ``selected_entry_id`` is a pressed button, ``pending`` the options of a clarification that
    waits for its answer, ``active_flow`` the open form. In an open form, a message that is not
    for the form gets its own directive, followed by ``flow`` (the slot is asked again); asking
    for a person leaves the form, and so does ``flow`` with the intent ``stop_flow``.
    """
    if selected_entry_id is not None:
        return _settled(Directive("answer", (selected_entry_id,), 1.0, "chosen by the visitor"))
    if pending:
        reply = _answer_to_pending(nlu, tuple(pending))
        if reply is not None:
            return _settled(reply)
    states = state_probabilities(evidence, nlu, active_flow=active_flow)
    expected = {
        route: sum(states[s] * costs.matrix[route][s] for s in STATES)
        for route in ROUTES
        if _possible(route, evidence)
    }
    route = min(expected, key=lambda r: (expected[r], ROUTES.index(r)))
    directive = _directive(route, evidence, nlu, states, expected[route])
    directives = [directive]
    if active_flow and route not in ("flow", "handoff"):
        directives.append(Directive("flow", (), states["flow"], f"{active_flow} is still open"))
    return Decision(tuple(directives), states, expected)


def state_probabilities(
    evidence: EvidenceDigest, nlu: NluReading, *, active_flow: str | None = None
) -> dict[str, float]:
    """P(state) from both views.

    The reading gives a prior over the kinds of message. Evidence above ``_EVIDENCE_FROM`` then
    speaks against every kind that is not a question, by an exponential likelihood ratio; weak
    evidence says nothing, since a question that the base does not cover looks just the same. A
    bare set phrase ("hi") is believed whatever retrieval finds for it. What is left for
    questions is shared among the entries by their calibrated probabilities.
    """
    kinds = _kind_priors(nlu, active_flow)
    items = evidence.distinct()
    surprise = max(0.0, (items[0].p if items else 0.0) - _EVIDENCE_FROM)
    if not nlu.exact and not nlu.fills_slot:
        for kind, strength in _EVIDENCE_AGAINST.items():
            kinds[kind] *= math.exp(-strength * surprise)
    total = sum(kinds.values())
    states = {s: kinds.get(s, 0.0) / total for s in STATES}
    question = kinds["question"] / total
    for state, share in _question_shares(evidence, nlu).items():
        states[state] = question * share
    return states


def _kind_priors(nlu: NluReading, active_flow: str | None) -> dict[str, float]:
    cap = _EXACT_CONFIDENCE if nlu.exact else _MAX_CONFIDENCE
    ranking = nlu.ranking or {nlu.intent: nlu.confidence}
    kinds = dict.fromkeys(("chat", "flow", "insight", "person"), 0.0)
    state_of_intent = _STATE_IN_FLOW if active_flow else _STATE_OF_INTENT
    for intent, confidence in ranking.items():
        kind = state_of_intent.get(intent)
        if kind:
            kinds[kind] += max(0.0, min(1.0, confidence)) * cap
    kinds["question"] = max(1.0 - sum(kinds.values()), 1.0 - cap)
    if active_flow:
        share = 0.0 if nlu.exact else _OPEN_FLOW_PRIOR
        share = _FILLS_SLOT if nlu.fills_slot else share
        for kind in kinds:
            kinds[kind] *= 1.0 - share
        kinds["flow"] += share
    return kinds


def _question_shares(evidence: EvidenceDigest, nlu: NluReading) -> dict[str, float]:
    """How the mass of "it is a question" falls on top, option, several and uncovered."""
    items = evidence.distinct()[:MAX_OPTIONS]
    top = items[0].p if items else 0.0
    rest = [item.p for item in items[1:]]
    several = 0.0
    if rest and (nlu.several or evidence.features.get("parts", 1) >= 2):
        several = _SEVERAL_CUE * min(top, rest[0])
    # The marginals may add up to more than one where entries overlap; the first keeps its own.
    top = min(top, 1.0 - several)
    option = min(sum(rest), 1.0 - several - top)
    uncovered = max(0.0, 1.0 - top - option - several)
    return {"top": top, "option": option, "several": several, "uncovered": uncovered}


def _possible(route: str, evidence: EvidenceDigest) -> bool:
    if route == "answer":
        return bool(evidence.items)
    if route == "clarify":
        return len(_listed(evidence, _MIN_OPTION_P)) >= 2
    if route == "compose":
        return bool(_listed(evidence, _MIN_SOURCE_P))
    return True


def _listed(evidence: EvidenceDigest, least_p: float) -> tuple[str, ...]:
    return tuple(i.id for i in evidence.distinct()[:MAX_OPTIONS] if i.p >= least_p)


def _directive(
    route: str,
    evidence: EvidenceDigest,
    nlu: NluReading,
    states: Mapping[str, float],
    cost: float,
) -> Directive:
    reason = f"lowest expected cost {cost:.2f}"
    top_p = evidence.items[0].p if evidence.items else 0.0
    if route == "answer":
        return Directive(route, (evidence.items[0].id,), top_p, reason)
    if route == "clarify":
        return Directive(route, _listed(evidence, _MIN_OPTION_P), top_p, reason)
    if route == "compose":
        listed = _listed(evidence, _MIN_SOURCE_P)
        parts = int(evidence.features.get("parts", 1))
        # Where retrieval answered each part, nothing else was asked for.
        return Directive(route, listed[:parts] if parts >= 2 else listed, top_p, reason)
    if route == "decline":
        return Directive(route, (), states["uncovered"], reason)
    state = "person" if route == "handoff" else route
    intent = None
    if route == "chat":
        intent = _chat_intent(nlu)
    elif route == "flow" and _is_stop(nlu):
        intent = "stop_flow"
    return Directive(route, (), states[state], reason, intent=intent)


def _is_stop(nlu: NluReading) -> bool:
    return nlu.intent == "stop_flow" and nlu.confidence >= _SURE_STOP and not nlu.fills_slot


def _chat_intent(nlu: NluReading) -> str:
    """The small talk that is meant; "never mind" with nothing to stop is a no."""
    ranked = [nlu.intent, *sorted(nlu.ranking, key=lambda i: -nlu.ranking[i])]
    intent = next((i for i in ranked if _STATE_OF_INTENT.get(i) == "chat"), "greeting")
    return "deny" if intent == "stop_flow" else intent


def _answer_to_pending(nlu: NluReading, options: tuple[str, ...]) -> Directive | None:
    """The reply to "did you mean …": a pick, a yes to the only option, a no, or none of these."""
    if nlu.ordinal is not None:
        index = len(options) - 1 if nlu.ordinal == -1 else nlu.ordinal - 1
        if 0 <= index < len(options):
            return Directive("answer", (options[index],), 1.0, f"option {index + 1} was chosen")
        return Directive("clarify", options, 0.0, f"there is no option {nlu.ordinal}")
    if nlu.intent == "affirm" and (nlu.exact or nlu.confidence >= _SURE_REPLY):
        if len(options) == 1:
            return Directive("answer", options, 1.0, "the visitor confirmed the only option")
        return Directive("clarify", options, 0.0, "confirmed, but not which of the options")
    if nlu.intent == "deny" and (nlu.exact or nlu.confidence >= _SURE_REPLY):
        return Directive("decline", (), 1.0, "none of the options was meant")
    return None


def _settled(directive: Directive) -> Decision:
    return Decision((directive,))
