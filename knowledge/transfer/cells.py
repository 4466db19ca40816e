"""Between spreadsheet cells and the content of an entry."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from knowledge.errors import ImportRefused
from knowledge.transfer.report import ImportReport, RowIssue
from knowledge.types import ContentChanges, Entry, EvidenceLink, Status
from retrieval.types import Lang

COLUMNS = (
    "id", "revision", "lang", "question", "alternatives", "answer", "topic", "status",
    "valid_from", "valid_to", "translation_of", "evidence",
)  # fmt: skip

_ALIASES = {
    "编号": "id", "语言": "lang", "问题": "question", "标准问题": "question", "标准问": "question",
    "相似问题": "alternatives", "相似问": "alternatives", "其他问法": "alternatives",
    "答案": "answer", "回答": "answer", "主题": "topic", "分类": "topic", "状态": "status",
    "生效时间": "valid_from", "失效时间": "valid_to",
    "q": "question", "a": "answer", "language": "lang",
}  # fmt: skip

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LINK_KEYS = frozenset({"kind", "ref", "url", "note"})


@dataclass(slots=True)
class Incoming:
    """One row on its way in: the fields that it gives, or a whole history (JSONL alone)."""

    row: int
    entry_id: str | None = None
    revision: int | None = None
    fields: ContentChanges = field(default_factory=ContentChanges)
    history: tuple[Entry, ...] = ()


class BadCell(ValueError):
    """A cell that cannot be understood; ``remedy`` says what to write instead."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def column_of(header: str) -> str | None:
    """The column that a header names, in English or Chinese; None where it is not known."""
    name = header.strip().casefold().replace(" ", "_")
    return name if name in COLUMNS else _ALIASES.get(name)


def columns_of(header: list[str], report: ImportReport) -> list[str | None]:
    """Known columns by place; unknown ones are noted. Raises ImportRefused without any use."""
    columns = [column_of(name) for name in header]
    known = [name for name in columns if name is not None]
    twice = sorted({name for name in known if known.count(name) > 1})
    shown = ", ".join(name.strip()[:30] for name in header if name.strip()) or "nothing"
    if twice:
        raise ImportRefused(
            f"the column {twice[0]} stands twice in the first row ({shown}); keep one of them"
        )
    if "answer" not in known and "id" not in known:
        raise ImportRefused(
            f"the first row must name the columns, at least question and answer; it says {shown}. "
            f"Known columns: {', '.join(COLUMNS)}"
        )
    unknown = [name.strip() for name, column in zip(header, columns, strict=True) if not column]
    if any(unknown):
        names = ", ".join(repr(name[:30]) for name in unknown if name)
        report.notes.append(f"columns that are not known were left out: {names}")
    return columns


def detect_lang(text: str) -> Lang:
    """Chinese where there is a Han character, else English."""
    return "zh" if _HAN.search(text) else "en"


def to_cells(entry: Entry) -> dict[str, str]:
    """The current content of ``entry`` as cells; lists as JSON arrays."""
    return {
        "id": entry.id,
        "revision": str(entry.revision),
        "lang": entry.lang,
        "question": entry.question,
        "alternatives": _array(entry.alternatives),
        "answer": entry.answer,
        "topic": entry.topic or "",
        "status": entry.status,
        "valid_from": entry.valid_from.isoformat() if entry.valid_from else "",
        "valid_to": entry.valid_to.isoformat() if entry.valid_to else "",
        "translation_of": entry.translation_of or "",
        "evidence": _array([link_object(link) for link in entry.evidence]),
    }


def link_object(link: EvidenceLink) -> dict[str, Any]:
    """An evidence link as a JSON object without its empty parts."""
    found: dict[str, Any] = {"kind": link.kind, "ref": link.ref}
    if link.url:
        found["url"] = link.url
    if link.note:
        found["note"] = link.note
    return found


def from_cells(row: int, cells: Mapping[str, str]) -> tuple[Incoming | None, list[RowIssue]]:
    """What the cells of one row say; the columns that are not there say nothing."""
    incoming = Incoming(row)
    issues: list[RowIssue] = []
    for column, cell in cells.items():
        try:
            take(incoming, column, cell)
        except BadCell as bad:
            issues.append(RowIssue(row, column, bad.what, bad.remedy))
    return (None if issues else incoming), issues


def parse_time(text: str, *, end: bool) -> datetime:
    """An ISO 8601 time or day; UTC where it names no zone, a day as ``end`` is included whole.

    Raises BadCell.
    """
    text = text.strip()
    try:
        if re.fullmatch(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}", text):
            year, month, day = map(int, re.split("[-/]", text))
            midnight = datetime.combine(date(year, month, day), datetime.min.time(), UTC)
            return midnight + timedelta(days=1) if end else midnight
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadCell(
            f"{text[:40]!r} is not a time", "write 2026-01-31 or 2026-01-31T18:00:00Z"
        ) from None


def parse_links(items: Any) -> tuple[EvidenceLink, ...]:
    """Evidence links from JSON objects. Raises BadCell."""
    remedy = 'write [{"kind": "post", "ref": "…", "url": "https://…", "note": "…"}]'
    if not isinstance(items, list):
        raise BadCell("it is not a JSON array", remedy)
    links: list[EvidenceLink] = []
    for number, item in enumerate(items, start=1):
        known = isinstance(item, dict) and set(item) <= _LINK_KEYS and {"kind", "ref"} <= set(item)
        if not known or not all(isinstance(value, str | None) for value in item.values()):
            raise BadCell(f"number {number} is not an evidence link", remedy)
        links.append(
            EvidenceLink(
                item["kind"] or "", item["ref"] or "", item.get("url"), item.get("note") or ""
            )
        )
    return tuple(links)


def parse_texts(items: Any) -> tuple[str, ...]:
    """A list of texts from JSON. Raises BadCell."""
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise BadCell("it is not a JSON array of texts", 'write ["one way", "another way"]')
    return tuple(items)


def parse_revision(text: str) -> int:
    """A revision number. Raises BadCell."""
    if not re.fullmatch(r"[1-9]\d{0,8}", text.strip()):
        raise BadCell(f"{text[:40]!r} is not a revision", "leave it as exported, or empty")
    return int(text)


def take(incoming: Incoming, column: str, cell: str) -> None:
    """Put one cell in its place; an empty one says "none" (of id, lang, status: "you decide").

    Raises BadCell.
    """
    fields, empty = incoming.fields, not cell.strip()
    match column:
        case "id":
            incoming.entry_id = None if empty else cell.strip()
        case "revision":
            incoming.revision = None if empty else parse_revision(cell)
        case "lang" if not empty:
            fields["lang"] = cast("Lang", cell.strip().lower())
        case "status" if not empty:
            fields["status"] = cast("Status", cell.strip().lower())
        case "question":
            fields["question"] = cell
        case "answer":
            fields["answer"] = cell
        case "topic":
            fields["topic"] = cell.strip() or None
        case "translation_of":
            fields["translation_of"] = cell.strip() or None
        case "valid_from":
            fields["valid_from"] = None if empty else parse_time(cell, end=False)
        case "valid_to":
            fields["valid_to"] = None if empty else parse_time(cell, end=True)
        case "alternatives":
            fields["alternatives"] = _alternatives(cell)
        case "evidence":
            fields["evidence"] = () if empty else parse_links(_json(cell))


def _alternatives(cell: str) -> tuple[str, ...]:
    """A JSON array, or, as people write it, one a line."""
    if cell.lstrip().startswith("["):
        return parse_texts(_json(cell))
    return tuple(line.strip() for line in cell.splitlines() if line.strip())


def _json(cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise BadCell("it is not valid JSON", 'write an array such as ["one", "two"]') from None


def _array(items: Sequence[Any]) -> str:
    return json.dumps(list(items), ensure_ascii=False) if items else ""
