"""What an entry may hold: one canonical form, its limits, and the words for what is wrong."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from hashlib import blake2b

from knowledge.errors import FieldProblem, InvalidEntry
from knowledge.types import LANGS, STATUSES, EntryContent, EvidenceLink


@dataclass(frozen=True, slots=True)
class FieldLimits:
    """Longest fields, in code points, and longest lists."""

    id: int = 200
    question: int = 1000
    answer: int = 20_000
    alternatives: int = 1000
    topic: int = 100
    author: int = 100
    evidence: int = 200
    evidence_kind: int = 50
    evidence_ref: int = 500
    evidence_url: int = 2000
    evidence_note: int = 2000


LIMITS = FieldLimits()

#: Control characters but tab and newline, lone surrogates and non-characters: they break
#: spreadsheets, JSON and terminals, and nobody types them on purpose.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_NEWLINE = re.compile(r"\r\n?")
_SLUG_BREAK = re.compile(r"[\W_]+")
_SLUG_CHARS = 60


def canonical(content: EntryContent) -> EntryContent:
    """The form that is stored: newlines are ``\\n``, names without spaces at their ends.

    Spaces at the ends of questions and answers stay as written.
    """
    return replace(
        content,
        question=_NEWLINE.sub("\n", content.question),
        answer=_NEWLINE.sub("\n", content.answer),
        alternatives=tuple(_NEWLINE.sub("\n", text) for text in content.alternatives),
        topic=(content.topic or "").strip() or None,
        translation_of=(content.translation_of or "").strip() or None,
        evidence=tuple(_canonical_link(link) for link in content.evidence),
    )


def _canonical_link(link: EvidenceLink) -> EvidenceLink:
    return EvidenceLink(
        kind=link.kind.strip(),
        ref=link.ref.strip(),
        url=(link.url or "").strip() or None,
        note=_NEWLINE.sub("\n", link.note),
    )


def problems(content: EntryContent, entry_id: str | None, author: str) -> list[FieldProblem]:
    """Everything that keeps canonical ``content`` from being stored; empty where nothing does."""
    found: list[FieldProblem] = []
    if entry_id is not None:
        found += id_problems(entry_id)
        if content.translation_of == entry_id:
            found.append(
                FieldProblem(
                    "translation_of",
                    "the entry names itself",
                    "name the entry of the other language, or leave it empty",
                )
            )
    found += _text("author", author, LIMITS.author, lines=False)
    found += _choice("lang", content.lang, LANGS)
    found += _choice("status", content.status, STATUSES)
    found += _text("question", content.question, LIMITS.question)
    found += _text("answer", content.answer, LIMITS.answer)
    found += _list_problems(content)
    if content.topic is not None:
        found += _text("topic", content.topic, LIMITS.topic, lines=False)
    if content.translation_of is not None:
        found += _text("translation_of", content.translation_of, LIMITS.id, lines=False)
    for number, link in enumerate(content.evidence, start=1):
        found += _link_problems(number, link)
    return found + _time_problems(content)


def require(content: EntryContent, entry_id: str | None, author: str) -> EntryContent:
    """The canonical form of ``content``. Raises InvalidEntry naming every problem."""
    content = canonical(content)
    found = problems(content, entry_id, author)
    if found:
        raise InvalidEntry(found)
    return content


def id_problems(entry_id: str) -> list[FieldProblem]:
    """What is wrong with an id."""
    if entry_id != entry_id.strip():
        return [FieldProblem("id", "there are spaces at its ends", "remove them")]
    return _text("id", entry_id, LIMITS.id, lines=False)


def slug(question: str) -> str:
    """An id made from a question: its letters and digits of any script, joined by hyphens."""
    text = unicodedata.normalize("NFKC", question).casefold()
    return _SLUG_BREAK.sub("-", text)[:_SLUG_CHARS].strip("-") or "entry"


def question_key(question: str, lang: str) -> str:
    """Equal for questions of one language that differ only in case, width, space or punctuation."""
    text = unicodedata.normalize("NFKC", question).casefold()
    text = _SLUG_BREAK.sub(" ", text).strip() or text.strip()
    return blake2b(f"{lang}\n{text}".encode("utf-8", "replace"), digest_size=16).hexdigest()


def _text(field: str, value: str, limit: int, *, lines: bool = True) -> list[FieldProblem]:
    if not value.strip():
        return [FieldProblem(field, "it is empty", "write something")]
    return _bounded(field, value, limit, lines=lines)


def _bounded(field: str, value: str, limit: int, *, lines: bool = True) -> list[FieldProblem]:
    if len(value) > limit:
        what = f"{len(value):,} characters, at most {limit:,} fit"
        return [FieldProblem(field, what, "shorten it")]
    bad = _FORBIDDEN.search(value)
    if bad is None and not lines:
        bad = re.search(r"[\n\t]", value)
    if bad is None:
        return []
    what = f"character {bad.start() + 1} is U+{ord(bad[0]):04X}, which cannot be shown here"
    return [FieldProblem(field, what, "remove it")]


def _choice(field: str, value: str, allowed: tuple[str, ...]) -> list[FieldProblem]:
    if value in allowed:
        return []
    names = ", ".join(allowed)
    return [FieldProblem(field, f"{value!r} is not known", f"use one of {names}")]


def _list_problems(content: EntryContent) -> list[FieldProblem]:
    found: list[FieldProblem] = []
    for name, count in (
        ("alternatives", len(content.alternatives)),
        ("evidence", len(content.evidence)),
    ):
        limit = getattr(LIMITS, name)
        if count > limit:
            what = f"{count:,} of them, at most {limit:,} fit"
            found.append(FieldProblem(name, what, "leave some out"))
    for number, text in enumerate(content.alternatives, start=1):
        bad = _text("alternatives", text, LIMITS.question)
        found += [replace(one, what=f"number {number}: {one.what}") for one in bad]
    return found


def _link_problems(number: int, link: EvidenceLink) -> list[FieldProblem]:
    found = _text("evidence", link.kind, LIMITS.evidence_kind, lines=False)
    found += _text("evidence", link.ref, LIMITS.evidence_ref, lines=False)
    if link.url is not None:
        found += _text("evidence", link.url, LIMITS.evidence_url, lines=False)
        if not link.url.startswith(("http://", "https://")):
            what = f"{link.url[:40]!r} is not a web address"
            found.append(FieldProblem("evidence", what, "begin it with https://"))
    if link.note:
        found += _bounded("evidence", link.note, LIMITS.evidence_note)
    return [replace(one, what=f"number {number}: {one.what}") for one in found]


def _time_problems(content: EntryContent) -> list[FieldProblem]:
    found = [
        FieldProblem(name, "the time has no zone", "add one, such as Z for UTC")
        for name in ("valid_from", "valid_to")
        if (value := getattr(content, name)) is not None and value.tzinfo is None
    ]
    begin, end = content.valid_from, content.valid_to
    if not found and begin is not None and end is not None and end <= begin:
        found.append(
            FieldProblem("valid_to", "it is not after valid_from", "choose a later time, or none")
        )
    return found
