"""What a transfer tells: limits, problems by row, and the sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Format = Literal["csv", "xlsx", "jsonl"]
Severity = Literal["error", "warning"]
#: Called with the stage ("reading", "writing"), how much is done, and of how much.
Progress = Callable[[str, int, int], None]

FORMATS: tuple[Format, ...] = ("csv", "xlsx", "jsonl")


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest files that are taken in. ``unpacked_bytes`` bounds what an XLSX file unfolds to."""

    file_bytes: int = 50 * 1024 * 1024
    unpacked_bytes: int = 500 * 1024 * 1024
    rows: int = 100_000


#: Longest cells, in characters: what Python's csv reads by default, and what Excel holds.
CSV_CELL = 131_072
XLSX_CELL = 32_767


@dataclass(frozen=True, slots=True)
class RowIssue:
    """Something about one row: where, what, and what to do.

    ``row`` counts as a spreadsheet does (the header is row 1), or lines in JSONL.
    """

    row: int
    column: str | None
    what: str
    remedy: str
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"row {self.row}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.what}; {self.remedy}"


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do where ``dry_run`` is set.

    ``encoding`` and ``delimiter`` are what was found (None where the format has none);
    ``encoding_reason`` says why that encoding. ``notes`` concern the file as a whole.
    """

    format: Format
    dry_run: bool
    encoding: str | None = None
    encoding_reason: str | None = None
    delimiter: str | None = None
    rows: int = 0
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: int = 0
    issues: list[RowIssue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[RowIssue]:
        """Rows that were left out."""
        return [issue for issue in self.issues if issue.severity == "error"]

    @property
    def warnings(self) -> list[RowIssue]:
        """What was taken in but deserves a look."""
        return [issue for issue in self.issues if issue.severity == "warning"]


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote."""

    format: Format
    entries: int
    bytes: int
