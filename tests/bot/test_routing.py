"""The routing rule as a table: what is known, and what has to be done."""

from __future__ import annotations

import itertools

import pytest

from bot.routing import (
    DEFAULT_COSTS,
    ROUTES,
    STATES,
    CostMatrix,
    EvidenceDigest,
    EvidenceItem,
    NluReading,
    decide,
    fallback_reading,
    state_probabilities,
)


def evidence(*ps: float, parts: float = 1, of: dict[int, str] | None = None) -> EvidenceDigest:
    items = tuple(EvidenceItem(f"e{i}", 1, p, "en", (of or {}).get(i)) for i, p in enumerate(ps, 1))
    return EvidenceDigest("en", items, {"parts": parts})


def said(intent: str, confidence: float = 0.9, **more: object) -> NluReading:
    return NluReading(intent, confidence, "en", **more)  # type: ignore[arg-type]


QUESTION = said("ask_question", 0.95)

TABLE = [
    # what is known                      how it reads                       what to do
    (evidence(0.9, 0.05), QUESTION, "answer", ("e1",)),
    (evidence(0.75, 0.1), QUESTION, "answer", ("e1",)),
    (evidence(0.6, 0.1), QUESTION, "decline", ()),
    (evidence(0.45, 0.05), QUESTION, "decline", ()),
    (evidence(0.2, 0.1), QUESTION, "decline", ()),
    (evidence(), QUESTION, "decline", ()),
    (evidence(0.45, 0.4), QUESTION, "clarify", ("e1", "e2")),
    # One thing is asked for: two entries at once would be generated for nothing.
    (evidence(0.68, 0.3), QUESTION, "clarify", ("e1", "e2")),
    (evidence(0.4, 0.3, 0.2), QUESTION, "clarify", ("e1", "e2", "e3")),
    (evidence(0.5, 0.4), said("ask_question", 0.95, several=True), "compose", ("e1", "e2")),
    (evidence(0.5, 0.4, parts=2), QUESTION, "compose", ("e1", "e2")),
    # Retrieval answered two parts: a third entry was not asked for.
    (evidence(0.9, 0.8, 0.3, parts=2), QUESTION, "compose", ("e1", "e2")),
    (evidence(0.95, 0.02), said("ask_question", 0.95, several=True), "answer", ("e1",)),
    (evidence(), said("greeting"), "chat", ()),
    (evidence(0.3), said("greeting"), "chat", ()),
    (evidence(0.95), said("greeting", 0.9), "answer", ("e1",)),
    (evidence(0.95), said("thanks", 0.95), "answer", ("e1",)),
    (evidence(0.95), said("greeting", 0.995, exact=True), "chat", ()),
    (evidence(), said("ask_person"), "handoff", ()),
    (evidence(0.7), said("ask_person", 0.95), "handoff", ()),
    (evidence(), said("order_status"), "flow", ()),
    (evidence(0.7), said("order_status", 0.95), "flow", ()),
    (evidence(0.9), said("order_status", 0.4), "answer", ("e1",)),
    (evidence(0.3), said("insight"), "insight", ()),
    (evidence(), said("stop_flow"), "chat", ()),
]


@pytest.mark.parametrize(("known", "reading", "route", "ids"), TABLE)
def test_route(
    known: EvidenceDigest, reading: NluReading, route: str, ids: tuple[str, ...]
) -> None:
    (directive,) = decide(known, reading).directives
    assert (directive.route, directive.entry_ids) == (route, ids)


def test_the_table_reaches_every_route() -> None:
    assert {route for *_, route, _ in TABLE} == set(ROUTES)


GRID = [
    (evidence(*ps), said(intent, confidence, exact=exact), flow)
    for ps in [(), (0.3,), (0.9,), (0.5, 0.5), (0.6, 0.6, 0.6), (1.0, 1.0, 1.0), (0.0, 0.0)]
    for intent in ("ask_question", "greeting", "order_status", "ask_person", "insight", "unknown")
    for confidence in (0.0, 0.5, 1.0)
    for exact in (False, True)
    for flow in (None, "order_status_form")
]


def test_states_are_a_distribution_and_costs_are_expectations() -> None:
    for known, reading, flow in GRID:
        states = state_probabilities(known, reading, active_flow=flow)
        assert set(states) == set(STATES)
        assert all(p >= 0 for p in states.values())
        assert sum(states.values()) == pytest.approx(1.0)
        decision = decide(known, reading, active_flow=flow)
        for route, cost in decision.expected.items():
            by_hand = sum(states[s] * DEFAULT_COSTS.matrix[route][s] for s in STATES)
            assert cost == pytest.approx(by_hand)
        assert decision.expected[decision.first.route] == min(decision.expected.values())


def test_surer_evidence_never_makes_an_answer_costlier() -> None:
    for step, reading in itertools.product(range(20), (QUESTION, said("greeting", 0.9))):
        less, more = (decide(evidence(p), reading).expected for p in (step / 20, (step + 1) / 20))
        assert more["answer"] <= less["answer"] + 1e-9


def with_cost(route: str, state: str, cost: float) -> CostMatrix:
    raw = DEFAULT_COSTS.to_dict()
    raw["matrix"][route][state] = cost
    return CostMatrix.from_dict(raw)


def test_costs_decide() -> None:
    known = evidence(0.72, 0.05)
    assert decide(known, QUESTION).first.route == "answer"
    dear = with_cost("answer", "uncovered", 9.0)
    assert decide(known, QUESTION, dear).first.route == "decline"
    assert decide(evidence(0.05), QUESTION).first.route == "decline"
    ashamed = with_cost("decline", "uncovered", 0.9)
    assert decide(evidence(0.05), QUESTION, ashamed).first.route == "handoff"


def test_the_threshold_of_an_answer_lies_near_07() -> None:
    answered = [
        p / 100 for p in range(100) if decide(evidence(p / 100), QUESTION).first.route == "answer"
    ]
    assert 0.65 <= min(answered) <= 0.75


def test_entry_and_translation_are_not_offered_side_by_side() -> None:
    known = evidence(0.5, 0.45, of={2: "e1"})
    assert decide(known, QUESTION).first.route != "clarify"
    known = evidence(0.45, 0.44, 0.4, of={2: "e1"})
    assert decide(known, QUESTION).first.entry_ids == ("e1", "e3")


class TestPendingClarification:
    PENDING = ("a", "b", "c")

    @pytest.mark.parametrize(
        ("text", "entry"),
        [
            ("the second one", "b"), ("2", "b"), ("#2", "b"), ("option 3 please", "c"),
            ("the last one", "c"), ("first", "a"), ("number one", "a"), ("I mean the 2nd", "b"),
            ("第二个", "b"), ("第3个", "c"), ("我要第一个", "a"), ("选2", "b"), ("最后一个", "c"),
            ("二", "b"), ("２", "b"),
        ],
    )  # fmt: skip
    def test_ordinals(self, text: str, entry: str) -> None:
        first = decide(evidence(0.9), fallback_reading(text), pending=self.PENDING).first
        assert (first.route, first.entry_ids) == ("answer", (entry,))

    def test_without_a_clarification_an_ordinal_means_nothing(self) -> None:
        assert decide(evidence(), fallback_reading("2")).first.route == "decline"

    def test_out_of_range_asks_again(self) -> None:
        first = decide(evidence(), fallback_reading("the fourth"), pending=self.PENDING).first
        assert (first.route, first.entry_ids) == ("clarify", self.PENDING)

    @pytest.mark.parametrize("text", ["none of these", "no", "都不是", "不是"])
    def test_no_declines(self, text: str) -> None:
        first = decide(evidence(0.9), fallback_reading(text), pending=self.PENDING).first
        assert first.route == "decline"

    def test_yes_takes_the_only_option_and_otherwise_asks_which(self) -> None:
        yes = fallback_reading("yes please")
        assert decide(evidence(), yes, pending=("a",)).first.entry_ids == ("a",)
        assert decide(evidence(), yes, pending=("a", "b")).first.route == "clarify"

    @pytest.mark.parametrize("text", ["how do I change my plan?", "my second router is broken"])
    def test_a_new_question_is_a_new_question(self, text: str) -> None:
        first = decide(evidence(0.9), fallback_reading(text), pending=self.PENDING).first
        assert (first.route, first.entry_ids) == ("answer", ("e1",))

    def test_a_button_settles_it(self) -> None:
        decision = decide(evidence(0.1), QUESTION, selected_entry_id="b", pending=self.PENDING)
        assert (decision.first.route, decision.first.entry_ids) == ("answer", ("b",))


class TestOpenForm:
    FLOW = "order_status_form"

    def routes(self, known: EvidenceDigest, reading: NluReading) -> list[str]:
        return [d.route for d in decide(known, reading, active_flow=self.FLOW).directives]

    def test_a_covered_question_is_answered_and_the_form_goes_on(self) -> None:
        assert self.routes(evidence(0.9), QUESTION) == ["answer", "flow"]

    def test_small_talk_too(self) -> None:
        assert self.routes(evidence(), said("thanks", 0.99, exact=True)) == ["chat", "flow"]

    def test_what_fills_a_slot_is_for_the_form_whatever_retrieval_finds(self) -> None:
        assert self.routes(evidence(0.95), said("greeting", 0.5, fills_slot=True)) == ["flow"]

    def test_an_unclear_message_is_for_the_form(self) -> None:
        assert self.routes(evidence(0.2), said("ask_question", 0.6)) == ["flow"]

    def test_a_person_leaves_the_form(self) -> None:
        assert self.routes(evidence(), said("ask_person", 0.99, exact=True)) == ["handoff"]

    @pytest.mark.parametrize("text", ["never mind", "cancel", "算了", "取消"])
    def test_stopping(self, text: str) -> None:
        decision = decide(evidence(), fallback_reading(text), active_flow=self.FLOW)
        assert [(d.route, d.intent) for d in decision.directives] == [("flow", "stop_flow")]

    def test_a_question_about_cancelling_does_not_stop(self) -> None:
        assert self.routes(evidence(0.9), said("stop_flow", 0.6)) == ["answer", "flow"]


def test_directives_travel_as_json() -> None:
    directive = decide(evidence(0.912345), QUESTION).first
    assert directive.to_dict() == {
        "route": "answer",
        "entry_ids": ["e1"],
        "p": 0.9123,
        "reason": directive.reason,
        "text": None,
        "intent": None,
    }
    assert "lowest expected cost" in directive.reason
