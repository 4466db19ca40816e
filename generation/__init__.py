"""Writing replies that stand on evidence.

Nouns: :class:`~generation.types.Generator` (a model that streams text),
:class:`~generation.types.Source` (evidence), the *gate* (judges whether a sentence is supported)
and *small talk* (curated replies). May import :mod:`retrieval`.
"""
