"""Errors of the retrieval package, under one root.

RetrievalError
├── ModelError
│   ├── ModelNotFound      no source holds the model
│   ├── ModelCorrupt       a file's sha256 is not the pinned one
│   └── ConversionFailed   the weights could not be converted
├── IndexCorrupt           a snapshot on disk cannot be trusted; rebuild it
├── IndexUnavailable       the server that keeps the vectors cannot be used
└── NotLoaded              a component was used before its load()
"""


class RetrievalError(Exception):
    """Root of every error raised by this package."""


class ModelError(RetrievalError):
    """A model could not be provided."""


class ModelNotFound(ModelError):
    """No configured source holds the model."""


class ModelCorrupt(ModelError):
    """A model file's sha256 differs from the pinned one."""


class ConversionFailed(ModelError):
    """The weights were found but could not be converted."""


class IndexCorrupt(RetrievalError):
    """A snapshot on disk is damaged or belongs to another encoder; it has to be rebuilt."""


class IndexUnavailable(RetrievalError):
    """The server that keeps the vectors of entries cannot be used; the message says what to do."""


class NotLoaded(RetrievalError):
    """A component was used before its ``load()``."""
