"""RulePolicy, kept to what it is for here: opening and running forms."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.components.policy import FORM, LOOKUP


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class FormRules(RulePolicy):  # type: ignore[misc]
    """Looks at its rules only where a form is concerned.

    Rasa's policy compares the whole conversation with every rule, twice for each action; in a turn
    without a form that is a quarter of the turn's time, for a prediction that is always empty.
    """

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        concerned = (
            tracker.active_loop_name is not None
            or tracker.latest_action_name in (FORM, LOOKUP)
            or tracker.latest_message.intent.get("name") == "order_status"
        )
        if not concerned:
            return self._prediction(self._default_predictions(domain))
        return super().predict_action_probabilities(tracker, domain, rule_only_data, **kwargs)
