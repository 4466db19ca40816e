"""Entries as JSON lines: whole histories, or plain question-and-answer lines.

A line with ``revisions`` carries an entry with its whole history. A line without carries current
content only: ``{"id", "question", "answer", "alternatives"?, "topic"?, "lang"?, …}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, get_args

from knowledge.identity import make_entry
from knowledge.transfer import cells, encoding
from knowledge.transfer.report import ImportReport, Progress, RowIssue
from knowledge.types import Action, Entry, EntryContent
from knowledge.validation import canonical, problems

_REPORT_EVERY = 500
_ACTIONS = get_args(Action)
_OBJECT = 'write one object a line, such as {"id": "…", "question": "…", "answer": "…"}'


class Writes(Protocol):
    """Something that text can be written to."""

    def write(self, text: str, /) -> int:
        """Write ``text``."""


def write_histories(stream: Writes, histories: Iterable[Sequence[Entry]]) -> int:
    """Write entries with all their revisions, oldest first; the number of entries."""
    count = 0
    for history in histories:
        line = {"id": history[0].id, "revisions": [revision_object(one) for one in history]}
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        count += 1
    return count


def write_contents(stream: Writes, entries: Iterable[Entry]) -> int:
    """Write current content only, in the lines that ``grapevine eval`` reads."""
    count = 0
    for entry in entries:
        line = {"id": entry.id} | {
            key: value for key, value in _content_object(entry).items() if value not in (None, [])
        }
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        count += 1
    return count


def read(
    path: Path, report: ImportReport, encoding_name: str | None, progress: Progress
) -> Iterator[cells.Incoming | list[RowIssue]]:
    """The lines of a file, each as what it says or as what is wrong with it.

    Raises ImportRefused where the encoding cannot be told.
    """
    chosen = encoding.named(encoding_name) if encoding_name else encoding.detect(path)
    report.encoding, report.encoding_reason = chosen.label, chosen.reason
    total = path.stat().st_size
    raw, text = encoding.open_text(path, chosen)
    unknown: set[str] = set()
    with text:
        for number, line in enumerate(text, start=1):
            if number % _REPORT_EVERY == 0:
                progress("reading", raw.tell(), total)
            if line.strip():
                yield parse_line(number, line, chosen.label, unknown)
    if unknown:
        names = ", ".join(sorted(repr(name[:30]) for name in unknown))
        report.notes.append(f"keys that are not known were left out: {names}")
    progress("reading", total, total)


def parse_line(
    number: int, line: str, label: str, unknown: set[str]
) -> cells.Incoming | list[RowIssue]:
    """One line; the names of keys that are not known are added to ``unknown``."""
    bad = encoding.bad_bytes(line)
    if bad is not None:
        what = f"byte {bad} is not {label}"
        return [RowIssue(number, None, what, "save the file in one encoding")]
    try:
        item = json.loads(line)
    except (ValueError, RecursionError) as error:
        return [RowIssue(number, None, f"it is not valid JSON ({error})", _OBJECT)]
    if not isinstance(item, dict):
        return [RowIssue(number, None, "it is not a JSON object", _OBJECT)]
    column = "id"
    try:
        entry_id = _optional_text(item.get("id"))
        if "revisions" in item:
            column = "revisions"
            history = _history(entry_id or "", item["revisions"])
            return cells.Incoming(number, entry_id=entry_id, history=history)
        incoming = cells.Incoming(number, entry_id=entry_id)
        for column, value in item.items():
            if column not in cells.COLUMNS:
                unknown.add(column)
            elif column != "id" and value is not None:
                _take(incoming, column, value)
    except cells.BadCell as problem:
        return [RowIssue(number, column, problem.what, problem.remedy)]
    return incoming


def _take(incoming: cells.Incoming, column: str, value: Any) -> None:
    fields = incoming.fields
    match column:
        case "alternatives":
            fields["alternatives"] = cells.parse_texts(value)
        case "evidence":
            fields["evidence"] = cells.parse_links(value)
        case "revision":
            incoming.revision = cells.parse_revision(str(value))
        case _:
            cells.take(incoming, column, _text(value))


def _content_object(entry: EntryContent) -> dict[str, Any]:
    return {
        "lang": entry.lang,
        "question": entry.question,
        "answer": entry.answer,
        "alternatives": list(entry.alternatives),
        "topic": entry.topic,
        "status": entry.status,
        "valid_from": entry.valid_from.isoformat() if entry.valid_from else None,
        "valid_to": entry.valid_to.isoformat() if entry.valid_to else None,
        "translation_of": entry.translation_of,
        "evidence": [cells.link_object(link) for link in entry.evidence],
    }


def revision_object(entry: Entry) -> dict[str, Any]:
    """A revision as a JSON object, without the entry's id."""
    return {
        "revision": entry.revision,
        **_content_object(entry),
        "author": entry.author,
        "action": entry.action,
        "at": entry.updated_at.isoformat(),
        "deleted": entry.deleted,
    }


def _history(entry_id: str, items: Any) -> tuple[Entry, ...]:
    """The revisions of a line, oldest first. Raises BadCell."""
    if not isinstance(items, list) or not items:
        raise cells.BadCell("it is not a list of revisions", "leave the line as exported")
    history: list[Entry] = []
    for number, item in enumerate(items, start=1):
        try:
            entry = _revision(entry_id, number, item)
        except (KeyError, TypeError, AttributeError) as error:
            what = f"revision {number} is incomplete ({type(error).__name__}: {error})"
            raise cells.BadCell(what, "leave the line as exported") from error
        first = history[0].updated_at if history else entry.updated_at
        history.append(replace(entry, created_at=first))
    return tuple(history)


def _revision(entry_id: str, number: int, item: dict[str, Any]) -> Entry:
    content = EntryContent(
        lang=item["lang"],
        question=_text(item["question"]),
        answer=_text(item["answer"]),
        alternatives=cells.parse_texts(item["alternatives"]),
        topic=_optional_text(item["topic"]),
        status=item["status"],
        valid_from=_time(item["valid_from"]),
        valid_to=_time(item["valid_to"]),
        translation_of=_optional_text(item["translation_of"]),
        evidence=cells.parse_links(item["evidence"]),
    )
    author, at = _text(item["author"]), _time(item["at"])
    found = [str(problem) for problem in problems(content, entry_id, author)]
    if item["revision"] != number:
        found.append(f"revision: it is {item['revision']!r}, not {number}")
    if item["action"] not in _ACTIONS or not isinstance(item["deleted"], bool) or at is None:
        found.append("action, deleted, at: one of them is not as exported")
    if canonical(content) != content:
        found.append("its line ends or outer spaces are not as exported")
    if found or at is None:
        raise cells.BadCell(f"revision {number}: {'. '.join(found)}", "mend it, or export again")
    return make_entry(
        content, entry_id, number, author, item["action"], created=at, at=at,
        deleted=item["deleted"],
    )  # fmt: skip


def _time(value: Any) -> datetime | None:
    return None if value is None else cells.parse_time(_text(value), end=False)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise cells.BadCell(f"{str(value)[:40]!r} is not a text", "put it in quotes")
    return value


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)
