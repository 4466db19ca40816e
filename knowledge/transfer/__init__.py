"""Import and export of entries: CSV and XLSX for people, JSONL for everything.

Nouns: *format* (csv, xlsx, jsonl), *report* (what was done, row by row where it went wrong) and
*limits* (how large a file may be). What a format carries survives ``import(export(x))``.
"""

from knowledge.transfer.exporting import export_file
from knowledge.transfer.importing import import_file
from knowledge.transfer.planning import OnExisting
from knowledge.transfer.report import (
    FORMATS,
    ExportReport,
    Format,
    ImportReport,
    Limits,
    Progress,
    RowIssue,
)

__all__ = [
    "FORMATS",
    "ExportReport",
    "Format",
    "ImportReport",
    "Limits",
    "OnExisting",
    "Progress",
    "RowIssue",
    "export_file",
    "import_file",
]
