"""Writing replies that stand on evidence.

Nouns: :class:`~generation.types.Generator` (a model that streams text),
:class:`~generation.types.Source` (evidence), :class:`~generation.gate.Gate` (judges whether a
sentence is supported), :class:`~generation.compose.Composer` (lets the one write what the other
passes) and :class:`~generation.smalltalk.SmallTalk` (curated replies). May import
:mod:`retrieval`.
"""
