"""The intent classifier: Rasa's logistic regression, keeping how often each intent occurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix, vstack


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

    def _create_X(self, messages: Sequence[Message]) -> csr_matrix:  # noqa: N802 - Rasa's name
        """The features of messages as rows.

        Rasa joins the same numbers through four sparse formats and a deep copy, which takes as
        long as all the rest of understanding.
        """
        return vstack([_row(message) for message in messages], format="csr")


def _row(message: Message) -> csr_matrix:
    columns, counts, width = [], [], 0
    for feature in message.features:
        if feature.attribute != TEXT or feature.type != FEATURE_TYPE_SENTENCE:
            continue
        part = feature.features
        columns.append(part.col + width)
        counts.append(part.data)
        width += part.shape[1]
    found = np.concatenate(columns)
    return csr_matrix((np.concatenate(counts), found, [0, len(found)]), shape=(1, width))
