"""Errors of an evaluation run.

EvaluationError
├── UnreadableInput    a file cannot be read at all, or holds no usable row
└── PathFailed         the path under test did not start or stopped answering
"""


class EvaluationError(Exception):
    """Root of every error raised by this package."""


class UnreadableInput(EvaluationError):
    """A file cannot be read at all, or holds no usable row."""


class PathFailed(EvaluationError):
    """The path under test did not start or stopped answering."""
