"""The model store: fetches pinned weights, converts them once, and keeps them verified.

Nouns: :class:`ModelStore` (the cache), :class:`~retrieval.models.registry.ModelSpec` (what is
known of a model and which files it is made of), *source* (local folder, package, hub) and
*manifest* (what a converted folder must hold). Weights are read as data: nothing is imported
from a fetched package and nothing is unpickled. Converting happens in a process of its own, so
that the serving process never loads torch.
"""

from retrieval.models.registry import MODELS, ModelSpec
from retrieval.models.store import ModelInfo, ModelStore, Progress

__all__ = ["MODELS", "ModelInfo", "ModelSpec", "ModelStore", "Progress"]
