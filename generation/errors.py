"""Errors of the generation package, under one root.

GenerationError
├── GeneratorNotLoaded    used before load()
├── GenerationTimeout     the deadline passed before the model finished
└── SmallTalkInvalid      a curated line is missing, malformed or states a fact
"""


class GenerationError(Exception):
    """Root of every error raised by this package."""


class GeneratorNotLoaded(GenerationError):
    """A generator was used before its ``load()``."""


class GenerationTimeout(GenerationError):
    """The deadline passed before the model finished."""


class SmallTalkInvalid(GenerationError):
    """A curated line is missing, malformed or states a fact; the message says which."""
