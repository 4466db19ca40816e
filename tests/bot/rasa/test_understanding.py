"""Our lean featurizer and classifier see what Rasa's own would see."""

from __future__ import annotations

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer import CountVectorsFeaturizer
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.classifier import PriorKeepingClassifier
from bot.components.counts import MessageCounts
from bot.components.tokenizer import BilingualTokenizer

EXAMPLES = [
    ("hello there", "greet"),
    ("你好", "greet"),
    ("where is my order TW-10442?", "order_status"),
    ("我的订单到哪里了", "order_status"),
]
ASKED = ["where's order TW-10443 then", "订单", "😀", "completely other words"]
CONFIGS = [
    {"analyzer": "word", "min_ngram": 1, "max_ngram": 2, "token_pattern": r"(?u)\b\w+\b"},
    {"analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]


def understood(
    featurizer: type[CountVectorsFeaturizer],
    classifier: type[LogisticRegressionClassifier],
    storage: LocalModelStorage,
) -> list[dict[str, float]]:
    training = TrainingData([Message.build(text, intent) for text, intent in EXAMPLES])
    asked = [Message.build(text) for text in ASKED]
    tokenizer = BilingualTokenizer({**BilingualTokenizer.get_default_config()})
    context = ExecutionContext(GraphSchema({}), node_name="here")
    tokenizer.process_training_data(training)
    tokenizer.process(asked)
    for number, config in enumerate(CONFIGS):
        name = f"{featurizer.__name__}-{number}"
        part = featurizer.create(
            {**featurizer.get_default_config(), **config}, storage, Resource(name), context
        )
        part.train(training)
        part.process_training_data(training)
        part.process(asked)
    model = classifier(
        {**classifier.get_default_config()}, "lr", storage, Resource(classifier.__name__)
    )
    model.clf.set_params(class_weight=None)
    model.train(training)
    model.process(asked)
    return [{r["name"]: r["confidence"] for r in m.get("intent_ranking")} for m in asked]


def test_the_same_confidences_as_rasas_own_parts(tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    storage = LocalModelStorage(tmp_path_factory.mktemp("storage"))
    ours = understood(MessageCounts, PriorKeepingClassifier, storage)
    theirs = understood(CountVectorsFeaturizer, LogisticRegressionClassifier, storage)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.keys() == other.keys()
        assert np.allclose([mine[k] for k in other], list(other.values()), atol=1e-12)
