"""Errors of the knowledge package, under one root.

KnowledgeError
├── EntryNotFound       no entry, or no such revision of it, has that id
├── EntryExists         the id is taken
├── InvalidEntry        a field is missing or out of bounds
├── RevisionConflict    the entry changed since it was read
├── ImportRefused       a file could not be read at all
├── ExportRefused       the format cannot carry an entry, or the file cannot be written
└── BackupInvalid       a backup is damaged or of another version
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of an entry, and what to do about it."""

    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what}; {self.remedy}"


class KnowledgeError(Exception):
    """Root of every error raised by this package."""


class EntryNotFound(KnowledgeError):
    """No entry, or no such revision of it, has that id."""


class EntryExists(KnowledgeError):
    """The id is taken, perhaps by a deleted entry."""


class InvalidEntry(KnowledgeError):
    """A field of an entry is missing or out of bounds; ``problems`` names every one."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(". ".join(str(problem) for problem in self.problems))


class RevisionConflict(KnowledgeError):
    """The entry changed since the caller read it; ``current`` is its revision now."""

    def __init__(self, entry_id: str, expected: int, current: int) -> None:
        self.entry_id, self.expected, self.current = entry_id, expected, current
        super().__init__(
            f"entry {entry_id!r} is at revision {current}, not {expected}: someone else changed "
            "it. Read it again and repeat the change"
        )


class ImportRefused(KnowledgeError):
    """A file could not be read at all; the message says what to do."""


class ExportRefused(KnowledgeError):
    """The format cannot carry an entry, or the file cannot be written; the message says which."""


class BackupInvalid(KnowledgeError):
    """A backup is damaged or of another version."""
