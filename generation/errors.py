"""Errors of the generation package, under one root.

GenerationError
├── GeneratorNotLoaded    used before load()
└── GenerationTimeout     the deadline passed before the model finished
"""


class GenerationError(Exception):
    """Root of every error raised by this package."""


class GeneratorNotLoaded(GenerationError):
    """A generator was used before its ``load()``."""


class GenerationTimeout(GenerationError):
    """The deadline passed before the model finished."""
