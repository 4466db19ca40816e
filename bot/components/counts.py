"""Counts of words and characters in a message as a whole."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer import CountVectorsFeaturizer
from scipy.sparse import spmatrix


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class MessageCounts(CountVectorsFeaturizer):  # type: ignore[misc]
    """Rasa's featurizer without the counts of each single token.

    Only models that read a message token by token look at those; the classifier here does not, and
    counting them takes longer than all that it needs.
    """

    def _create_features(
        self, attribute: str, all_tokens: list[list[str]]
    ) -> tuple[list[spmatrix | None], list[spmatrix | None]]:
        vectorizer = self.vectorizers.get(attribute)
        found: list[spmatrix | None] = []
        for tokens in all_tokens:
            if vectorizer is None or not tokens:
                found.append(None)
                continue
            counts = vectorizer.transform([" ".join(tokens)])
            counts.sort_indices()
            found.append(counts.tocoo())
        return [None] * len(found), found
