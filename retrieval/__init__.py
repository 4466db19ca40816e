"""Finding the entries that may answer a message, and how sure we are of each.

Nouns: :class:`~retrieval.types.Entry` (a published pair), *encoder* (text to vector),
*index* (vectors and words of all entries), :class:`~retrieval.types.Evidence` (a ranking with
calibrated probabilities). Imports nothing of the other packages.
"""
