"""The intent classifier: Rasa's logistic regression, keeping how often each intent occurs."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class PriorKeepingClassifier(LogisticRegressionClassifier):  # type: ignore[misc]
    """Rasa's classifier weighs all intents alike, as if one message in eleven were a question.

    Most messages are questions, and the routing rule reads confidence as probability: without
    the weights, log loss in cross-validation falls from .588 to .571 and the mean P(question)
    of questions rises from .80 to .89.
    """

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
    ) -> None:
        super().__init__(config, name, model_storage, resource)
        self.clf.set_params(class_weight=None)
