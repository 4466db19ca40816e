"""Errors of the knowledge package, under one root.

KnowledgeError
├── EntryNotFound       no entry has that id
├── InvalidEntry        a field is missing or out of bounds
├── RevisionConflict    the entry changed since it was read
├── ImportRefused       a file could not be read at all
└── BackupInvalid       a backup is damaged or of another version
"""


class KnowledgeError(Exception):
    """Root of every error raised by this package."""


class EntryNotFound(KnowledgeError):
    """No entry has that id."""


class InvalidEntry(KnowledgeError):
    """A field of an entry is missing or out of bounds."""


class RevisionConflict(KnowledgeError):
    """The entry changed since the caller read it."""


class ImportRefused(KnowledgeError):
    """A file could not be read at all; the message says what to do."""


class BackupInvalid(KnowledgeError):
    """A backup is damaged or of another version."""
