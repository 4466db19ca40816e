"""The policy that decides every turn: a shell around :func:`bot.routing.decide`."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_DEACTIVATE_LOOP_NAME, ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from bot.components.turn import TURN_SLOT
from bot.routing import (
    DEFAULT_COSTS,
    CostMatrix,
    Decision,
    EvidenceDigest,
    NluReading,
    RoutingError,
    decide,
)

FORM = "order_status_form"
LOOKUP = "action_order_status"
LISTEN: str = ACTION_LISTEN_NAME
SAY = "utter_directive"
#: What each slot of the form is filled from.
_ENTITY_OF_SLOT = {"order_number": "order_number", "email": "email"}
#: A form that RulePolicy has no rule for is still run: more than nothing, less than any rule.
_UNRULED = 0.9
#: Share of messages with an order number in them that are about the state of that order.
_NAMES_ORDER = 0.8


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class HybridPolicy(Policy):  # type: ignore[misc]
    """Plans the actions of a turn when the visitor has spoken, then follows the plan.

    Its predictions are 1.0 and marked as made without looking at the user's words, because Rasa
    lets an open form outrank everything else, and a covered question in the middle of a form would
    never be answered. Where the plan says "the form", it stands back for RulePolicy.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"priority": 10}

    def train(
        self,
        training_trackers: list[TrackerWithCachedStates],
        domain: Domain,
        **kwargs: Any,
    ) -> Resource:
        """Nothing is learnt: the rule is code, the costs are data."""
        with self._model_storage.write_to(self._resource):
            return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        events: list[Event] = []
        if tracker.latest_action_name == LISTEN and not _was_rejected(tracker):
            turn = plan_turn(tracker)
            events.append(SlotSet(TURN_SLOT, turn))
            done: list[str] = []
        else:
            # `rasa test` applies no events of a policy: there the plan is made anew.
            turn = tracker.get_slot(TURN_SLOT) or plan_turn(tracker)
            done = _done_since_message(tracker)
        return self._predict(_next_action(turn["plan"], done, tracker), domain, events)

    def _predict(self, action: str | None, domain: Domain, events: list[Event]) -> Any:
        probabilities = self._default_predictions(domain)
        stands_back = action in (None, FORM, LOOKUP)
        if action is not None:
            probabilities[domain.index_for_action(action)] = _UNRULED if stands_back else 1.0
        return self._prediction(probabilities, events=events, is_no_user_prediction=not stands_back)


def plan_turn(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Decide the latest message; the value of the ``turn`` slot."""
    form_open = tracker.active_loop_name
    decision = decide_latest(tracker)
    route = decision.first.route
    metadata = tracker.latest_message.metadata or {}
    plan: list[str] = []
    if metadata.get("notice"):
        plan.append(f"utter_notice_{metadata['notice']}")
    if form_open and decision.first.intent == "stop_flow":
        plan += [ACTION_DEACTIVATE_LOOP_NAME, "utter_form_left"]
    elif route == "flow":
        plan.append(FORM if not form_open or _fills_slot(tracker) else _hint(tracker))
    else:
        plan.append(SAY)
        if form_open:
            plan.append(ACTION_DEACTIVATE_LOOP_NAME if route == "handoff" else FORM)
    return {
        "directives": [d.to_dict() for d in decision.directives],
        "plan": plan,
        "flow_p": round(decision.states.get("flow", 1.0), 4),
    }


def decide_latest(tracker: DialogueStateTracker) -> Decision:
    """Run the routing rule on the latest message with all that the tracker knows."""
    message = tracker.latest_message
    metadata = message.metadata or {}
    ranking = _ranking(message)
    intent = max(ranking, key=lambda name: ranking[name])
    reading = NluReading.of_text(
        message.text or "",
        intent,
        ranking[intent],
        lang=metadata.get("lang"),
        ranking=ranking,
        fills_slot=bool(tracker.active_loop_name) and _fills_slot(tracker),
    )
    return decide(
        _evidence(metadata.get("evidence"), reading.lang),
        reading,
        _costs(metadata.get("costs")),
        selected_entry_id=metadata.get("selected_entry_id"),
        pending=_pending(tracker),
        active_flow=tracker.active_loop_name,
    )


def _ranking(message: UserUttered) -> dict[str, float]:
    """Confidence by intent. An order number is a stronger hint than any word around it."""
    ranked = message.parse_data.get("intent_ranking") or [message.intent]
    ranking = {r["name"]: r["confidence"] for r in ranked if r.get("name")}
    if any(entity.get("entity") == "order_number" for entity in message.entities):
        ranking = {name: p * (1.0 - _NAMES_ORDER) for name, p in ranking.items()}
        ranking["order_status"] = ranking.get("order_status", 0.0) + _NAMES_ORDER
    return ranking or {"ask_question": 1.0}


def _evidence(raw: object, lang: str) -> EvidenceDigest:
    """The digest, or an empty one: `rasa test` and `rasa shell` send no metadata."""
    try:
        return EvidenceDigest.from_dict(raw)
    except RoutingError:
        return EvidenceDigest(lang)


def _costs(raw: object) -> CostMatrix:
    return DEFAULT_COSTS if raw is None else CostMatrix.from_dict(raw)


def _pending(tracker: DialogueStateTracker) -> tuple[str, ...]:
    """The options of a clarification asked in the turn just before."""
    for directive in (tracker.get_slot(TURN_SLOT) or {}).get("directives", []):
        if directive["route"] == "clarify":
            return tuple(directive["entry_ids"])
    return ()


def _fills_slot(tracker: DialogueStateTracker) -> bool:
    kinds = {entity.get("entity") for entity in tracker.latest_message.entities}
    return bool(kinds & set(_ENTITY_OF_SLOT.values()))


def _hint(tracker: DialogueStateTracker) -> str:
    return f"utter_hint_{tracker.get_slot('requested_slot') or 'order_number'}"


def _next_action(plan: list[str], done: list[str], tracker: DialogueStateTracker) -> str | None:
    """The first step of the plan that is not done; afterwards what RulePolicy says, or listen."""
    if _was_rejected(tracker):
        return _hint(tracker)
    if len(done) < len(plan):
        return plan[len(done)]
    if done and done[-1] == FORM:
        if tracker.active_loop_name:
            return None
        filled = all(tracker.get_slot(slot) for slot in _ENTITY_OF_SLOT)
        return LOOKUP if filled else LISTEN
    return LISTEN


def _done_since_message(tracker: DialogueStateTracker) -> list[str]:
    done: list[str] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        if isinstance(event, ActionExecuted):
            done.append(event.action_name)
    return done[::-1]


def _was_rejected(tracker: DialogueStateTracker) -> bool:
    for event in reversed(tracker.events):
        if isinstance(event, (UserUttered, ActionExecuted)):
            return False
        if isinstance(event, ActionExecutionRejected):
            return True
    return False
