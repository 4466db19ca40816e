"""Entries as an Excel workbook; every cell is text, so that nothing turns into a number or date."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from knowledge.errors import ExportRefused, ImportRefused
from knowledge.transfer import cells, formulas
from knowledge.transfer.report import XLSX_CELL, ImportReport, Limits, Progress, RowIssue
from knowledge.types import Entry

_WIDTHS = {"question": 50.0, "alternatives": 50.0, "answer": 80.0, "id": 30.0}
_MAX_COLUMNS = 64
_REPORT_EVERY = 500
#: Office Open XML writes characters as _xHHHH_ (ECMA-376 part 1, 22.9.2.19); openpyxl does not.
_CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LOOKS_CODED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException, EOFError,
    KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, NotImplementedError,
)  # fmt: skip


def write(path: Path, entries: Iterable[Entry]) -> int:
    """Write the current content. Raises ExportRefused where a cell is longer than Excel's."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("entries")
    sheet.freeze_panes = "A2"
    for place, name in enumerate(cells.COLUMNS):
        sheet.column_dimensions[chr(ord("A") + place)].width = _WIDTHS.get(name, 16.0)
    sheet.append(list(cells.COLUMNS))
    count = 0
    try:
        for entry in entries:
            row = cells.to_cells(entry)
            sheet.append([_cell(sheet, entry.id, name, row[name]) for name in cells.COLUMNS])
            count += 1
    finally:
        # After an error too: it closes and removes openpyxl's temporary files.
        book.save(path)
    return count


def _cell(sheet: Any, entry_id: str, name: str, value: str) -> Any:
    if not value:
        return None
    text = _LOOKS_CODED.sub("_x005F_", formulas.escape(value))
    if len(text) > XLSX_CELL:
        raise ExportRefused(
            f"entry {entry_id!r}: its {name} take {len(text):,} characters, an Excel cell holds "
            f"{XLSX_CELL:,}; export as csv or jsonl"
        )
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def read(
    path: Path, report: ImportReport, limits: Limits, progress: Progress
) -> Iterator[cells.Incoming | list[RowIssue]]:
    """The rows of the first sheet, each as what it says or as what is wrong with it.

    Raises ImportRefused where the file is damaged or unfolds to more than the limits.
    """
    try:
        _check_size(path, limits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's remarks on styles do not concern us
            book = load_workbook(path, read_only=True, keep_links=False)
            try:
                yield from _rows(book, report, progress)
            finally:
                book.close()
    except _DAMAGE as error:
        raise ImportRefused(
            f"the workbook cannot be read ({type(error).__name__}: {error}); open it in Excel or "
            "LibreOffice and save it again as .xlsx, or as CSV UTF-8"
        ) from error


def _check_size(path: Path, limits: Limits) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(item.file_size for item in archive.infolist())
    if unpacked > limits.unpacked_bytes:
        raise ImportRefused(
            f"the workbook unfolds to {unpacked:,} bytes, at most {limits.unpacked_bytes:,} are "
            "taken; split it"
        )


def _rows(
    book: Any, report: ImportReport, progress: Progress
) -> Iterator[cells.Incoming | list[RowIssue]]:
    if not book.worksheets:
        raise ImportRefused("the workbook has no sheet; put the entries into its first sheet")
    sheet = book.worksheets[0]
    total = sheet.max_row or 0
    sheet.reset_dimensions()
    if len(book.worksheets) > 1:
        report.notes.append(f"only the first sheet was read ({sheet.title!r})")
    columns: list[str | None] | None = None
    for number, row in enumerate(sheet.iter_rows(max_col=_MAX_COLUMNS), start=1):
        if number % _REPORT_EVERY == 0:
            progress("reading", number, max(total, number))
        if columns is None:
            columns = cells.columns_of([str(cell.value or "") for cell in row], report)
        elif any(cell.value is not None and str(cell.value).strip() for cell in row):
            yield _row(number, columns, row)
    if columns is None:
        raise ImportRefused("the first sheet is empty; begin it with a row that names the columns")
    progress("reading", total, total)


def _row(
    number: int, columns: list[str | None], row: tuple[Any, ...]
) -> cells.Incoming | list[RowIssue]:
    found: dict[str, str] = {}
    issues: list[RowIssue] = []
    for name, cell in zip(columns, row, strict=True):
        if name is None:
            continue
        try:
            found[name] = _text(cell)
        except cells.BadCell as bad:
            issues.append(RowIssue(number, name, bad.what, bad.remedy))
    if issues:
        return issues
    incoming, issues = cells.from_cells(number, found)
    return incoming if incoming is not None else issues


def _text(cell: Any) -> str:
    """What a cell says, as text; numbers, dates and booleans as people would write them."""
    value = cell.value
    match cell.data_type:
        case "f":
            raise cells.BadCell("it holds a formula", "copy it and paste its value")
        case "e":
            raise cells.BadCell(f"it holds the error {value}", "write a value")
    if value is None:
        return ""
    if isinstance(value, str):
        return formulas.unescape(_CODED.sub(lambda found: chr(int(found[1], 16)), value))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return (value.date() if midnight else value).isoformat()
    return str(value)
