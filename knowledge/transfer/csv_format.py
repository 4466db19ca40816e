"""Entries as CSV: as Excel writes it, as Excel reads it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TextIO

from knowledge.errors import ExportRefused, ImportRefused
from knowledge.transfer import cells, encoding, formulas
from knowledge.transfer.report import CSV_CELL, ImportReport, Progress, RowIssue
from knowledge.types import Entry

_DELIMITERS = (",", ";", "\t")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
_HEADER_CHARS = 64 * 1024
_REPORT_EVERY = 500


def write(stream: TextIO, entries: Iterable[Entry]) -> int:
    """Write the current content; ``stream`` is UTF-8 with BOM, newline untouched.

    Raises ExportRefused where a cell is longer than other programs read.
    """
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(cells.COLUMNS)
    count = 0
    for entry in entries:
        row = {name: formulas.escape(cell) for name, cell in cells.to_cells(entry).items()}
        for name, cell in row.items():
            if len(cell) > CSV_CELL:
                raise ExportRefused(
                    f"entry {entry.id!r}: its {name} take {len(cell):,} characters, a CSV cell "
                    f"holds {CSV_CELL:,}; export as jsonl"
                )
        writer.writerow([row[name] for name in cells.COLUMNS])
        count += 1
    return count


def read(
    path: Path, report: ImportReport, encoding_name: str | None, progress: Progress
) -> Iterator[cells.Incoming | list[RowIssue]]:
    """The rows of a file, each as what it says or as what is wrong with it.

    Encoding and delimiter go into ``report``. Raises ImportRefused.
    """
    chosen = encoding.named(encoding_name) if encoding_name else encoding.detect(path)
    report.encoding, report.encoding_reason = chosen.label, chosen.reason
    total = path.stat().st_size
    raw, text = encoding.open_text(path, chosen)
    with text:
        delimiter, skipped = _dialect(text)
        report.delimiter = _NAMES[delimiter]
        _rewind(text, skipped)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        columns = _header(reader, report)
        for number, row, broken in _records(reader, skipped + 2):
            if number % _REPORT_EVERY == 0:
                progress("reading", raw.tell(), total)
            if broken:
                yield [RowIssue(number, None, broken, "put the cell in quotes, doubling its own")]
            elif any(cell.strip() for cell in row):
                yield _row(number, columns, row, chosen.label)
    progress("reading", total, total)


def _records(
    reader: Iterator[list[str]], number: int
) -> Iterator[tuple[int, list[str], str | None]]:
    """Row numbers with their cells, or with what keeps the row from being read."""
    while True:
        try:
            yield number, next(reader), None
        except StopIteration:
            return
        except csv.Error as error:
            yield number, [], f"the quotes or the length of a cell are wrong ({error})"
        number += 1


def _row(
    number: int, columns: list[str | None], row: list[str], label: str
) -> cells.Incoming | list[RowIssue]:
    if any(cell.strip() for cell in row[len(columns) :]):
        what = f"it has {len(row)} cells, the header {len(columns)}"
        return [RowIssue(number, None, what, "put cells that hold the delimiter in quotes")]
    known = {name: cell for name, cell in zip(columns, row, strict=False) if name is not None}
    issues = [
        RowIssue(number, name, f"byte {bad} is not {label}", "save the file in one encoding")
        for name, cell in known.items()
        if (bad := encoding.bad_bytes(cell)) is not None
    ]
    if issues:
        return issues
    unescaped = {name: formulas.unescape(cell) for name, cell in known.items()}
    incoming, issues = cells.from_cells(number, unescaped)
    return incoming if incoming is not None else issues


def _header(reader: Iterator[list[str]], report: ImportReport) -> list[str | None]:
    try:
        header = next(reader)
    except StopIteration:
        raise ImportRefused(
            "the file is empty; begin it with a row that names the columns"
        ) from None
    except csv.Error as error:
        raise ImportRefused(f"the first row cannot be read ({error}); check its quotes") from None
    return cells.columns_of(header, report)


def _dialect(text: TextIOWrapper) -> tuple[str, int]:
    """The delimiter, and how many lines stand before the header (Excel's ``sep=;``)."""
    lines = [text.readline(_HEADER_CHARS), text.readline(_HEADER_CHARS)]
    first = lines[0].strip("\r\n")
    if first.lower().startswith("sep=") and first[4:] in _DELIMITERS:
        return first[4:], 1
    return max(_DELIMITERS, key=lambda delimiter: _fit(lines[0], delimiter)), 0


def _fit(line: str, delimiter: str) -> tuple[int, int]:
    """How many known columns, and how many at all, ``line`` has with this delimiter."""
    try:
        row = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return 0, 0
    return sum(cells.column_of(cell) is not None for cell in row), len(row)


def _rewind(text: TextIOWrapper, lines: int) -> None:
    text.seek(0)
    for _ in islice(text, lines):
        pass
