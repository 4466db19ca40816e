"""Which revisions an import has to write: every row against the file and against the base."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from knowledge.errors import InvalidEntry
from knowledge.identity import make_entry, same_questions
from knowledge.rows import heads, histories, parts
from knowledge.transfer.cells import Incoming, detect_lang
from knowledge.transfer.report import ImportReport, RowIssue
from knowledge.types import Entry, EntryContent, Status
from knowledge.validation import question_key, require, slug

#: What to do with a row whose id the base has: make a new revision unless the base changed since
#: the file was written; make one whatever changed; or leave the base as it is.
OnExisting = Literal["update", "overwrite", "skip"]


@dataclass(frozen=True, slots=True)
class Options:
    """How rows are taken in. ``status`` is for new entries whose row names none."""

    author: str
    on_existing: OnExisting = "update"
    status: Status = "draft"


@dataclass(frozen=True, slots=True)
class _Base:
    """What the base holds of a part of the file: newest revisions and histories by id, entries
    asking the same questions by key, and which of the ids that would be made are taken."""

    heads: dict[str, Entry]
    past: dict[str, list[Entry]]
    twins: dict[str, list[str]]
    slugs: frozenset[str]

    @classmethod
    def of(cls, connection: Connection, part: Sequence[Incoming]) -> _Base:
        known = heads(connection, [one.entry_id for one in part if one.entry_id])
        slugs = [slug(one.fields.get("question", "")) for one in part if not one.entry_id]
        return cls(
            heads=known,
            past=histories(connection, [one.entry_id or "" for one in part if one.history]),
            twins=same_questions(connection, [key for one in part if (key := _key(one, known))]),
            slugs=frozenset(heads(connection, slugs)),
        )


@dataclass(slots=True)
class Planner:
    """Goes through the rows of one file in order; :attr:`revisions` is what is to be written.

    The connection has to see the base as it will be written: inside the writing transaction, or
    in a reading one for a dry run.
    """

    connection: Connection
    options: Options
    report: ImportReport
    now: datetime
    revisions: list[Entry] = field(default_factory=list)
    _rows: dict[str, int] = field(default_factory=dict)
    _questions: dict[str, int] = field(default_factory=dict)
    _named: set[str] = field(default_factory=set)
    _targets: dict[str, int] = field(default_factory=dict)
    _next_number: dict[str, int] = field(default_factory=dict)

    def plan(self, incoming: Sequence[Incoming]) -> None:
        """Plan all rows of a file. Fills the report as it goes."""
        self._named = {one.entry_id for one in incoming if one.entry_id}
        for part in parts(incoming):
            base = _Base.of(self.connection, part)
            for one in part:
                self._plan_one(one, base)
        self._warn_of_targets()

    def _plan_one(self, one: Incoming, base: _Base) -> None:
        entry_id = one.entry_id
        if entry_id is not None and entry_id in self._rows:
            what = f"the id {entry_id!r} stands in row {self._rows[entry_id]} already"
            self._error(one, "id", what, "keep one of the two rows")
            return
        key = _key(one, base.heads)
        same = [twin for twin in base.twins.get(key or "", ()) if twin != entry_id]
        if not same and key in self._questions:
            same = [f"row {self._questions[key]}"]
        twin_text = f"the same question is asked by {', '.join(same)}"
        if entry_id is None and same:
            self.report.skipped += 1
            self._warn(one.row, "question", twin_text, "left out; give it an id to take it in")
            return
        written = self._history(one, base) if one.history else self._row(one, base)
        if written is None:
            return
        self._rows[written.id] = one.row
        if key:
            self._questions.setdefault(key, one.row)
        if same:
            self._warn(one.row, "question", twin_text, "merge the two if they mean the same")
        if written.translation_of:
            self._targets[written.translation_of] = one.row

    def _row(self, one: Incoming, base: _Base) -> Entry | None:
        """Plan a row of current content; the entry as it will be, None where it is left out."""
        current = base.heads.get(one.entry_id or "")
        try:
            content = require(self._content(one, current), one.entry_id, self.options.author)
        except InvalidEntry as error:
            for problem in error.problems:
                self._error(one, problem.field, problem.what, problem.remedy)
            return None
        if current is None:
            entry_id = one.entry_id or self._new_id(content.question, base)
            entry = make_entry(
                content, entry_id, 1, self.options.author, "import", created=self.now, at=self.now
            )
            self._write([entry])
            return entry
        if content == current.content and not current.deleted:
            self.report.unchanged.append(current.id)
            return current
        if self._held_back(one, current, one.revision):
            return None
        return self._revise(one, current, content, deleted=False)

    def _content(self, one: Incoming, current: Entry | None) -> EntryContent:
        if current is not None:
            return replace(current.content, **one.fields)
        question = one.fields.get("question", "")
        blank = EntryContent(
            lang=detect_lang(question), question="", answer="", status=self.options.status
        )
        return replace(blank, **one.fields)

    def _history(self, one: Incoming, base: _Base) -> Entry | None:
        """Plan a whole history: new, a continuation of the base's, or one that went apart."""
        history, newest = one.history, one.history[-1]
        current = base.heads.get(newest.id)
        mine = tuple(base.past.get(newest.id, ()))
        if current is None or (len(mine) < len(history) and history[: len(mine)] == mine):
            if current is not None and self._held_back(one, current, None):
                return None
            self._write(history[len(mine) :])
            return newest
        if (newest.content, newest.deleted) == (current.content, current.deleted):
            self.report.unchanged.append(current.id)
            return current
        if self._held_back(one, current, 0):
            return None
        return self._revise(one, current, newest.content, deleted=newest.deleted)

    def _held_back(self, one: Incoming, current: Entry, seen: int | None) -> bool:
        """Whether the base's revision stays, by the options or since it is newer than the file's.

        ``seen`` is the revision that the file was made from; None where it does not say.
        """
        if self.options.on_existing == "skip":
            self._skip(one, current)
            return True
        if self.options.on_existing == "update" and seen is not None and seen < current.revision:
            what = f"the base changed this entry since; it is at revision {current.revision}"
            self._error(one, "id", what, "export again, or import with overwrite")
            return True
        return False

    def _revise(
        self, one: Incoming, current: Entry, content: EntryContent, *, deleted: bool
    ) -> Entry:
        if current.deleted and not deleted:
            self._warn(one.row, "id", f"{current.id!r} was deleted", "it is brought back by this")
        entry = make_entry(
            content,
            current.id,
            current.revision + 1,
            self.options.author,
            "import",
            created=current.created_at,
            at=max(self.now, current.updated_at),
            deleted=deleted,
        )
        self._write([entry])
        return entry

    def _write(self, revisions: Iterable[Entry]) -> None:
        revisions = list(revisions)
        first = revisions[0].revision == 1
        (self.report.created if first else self.report.updated).append(revisions[0].id)
        self.revisions += revisions

    def _skip(self, one: Incoming, current: Entry) -> None:
        self.report.skipped += 1
        self._warn(one.row, "id", f"the base has {current.id!r}", "left out, as asked for")

    def _new_id(self, question: str, base: _Base) -> str:
        """A free id; remembers how far it counted, so that equal beginnings stay cheap."""
        wanted = slug(question)
        number = self._next_number.get(wanted, 1)
        while True:
            candidate = wanted if number == 1 else f"{wanted}-{number}"
            number += 1
            if candidate in self._named or candidate in self._rows:
                continue
            if candidate == wanted and wanted not in base.slugs:
                break
            if candidate != wanted and not heads(self.connection, [candidate]):
                break
        self._next_number[wanted] = number
        return candidate

    def _warn_of_targets(self) -> None:
        missing = sorted(self._targets.keys() - self._rows.keys())
        found = heads(self.connection, missing)
        for target in missing:
            if target not in found or found[target].deleted:
                what = f"it names {target!r}, which neither base nor file has"
                self._warn(self._targets[target], "translation_of", what, "correct it, or add it")

    def _error(self, one: Incoming, column: str, what: str, remedy: str) -> None:
        self.report.issues.append(RowIssue(one.row, column, what, remedy))

    def _warn(self, row: int, column: str, what: str, remedy: str) -> None:
        self.report.issues.append(RowIssue(row, column, what, remedy, "warning"))


def _key(one: Incoming, known: dict[str, Entry]) -> str | None:
    """The question key of a row; None where the row names no question."""
    if one.history:
        newest = one.history[-1]
        return None if newest.deleted else question_key(newest.question, newest.lang)
    question = one.fields.get("question")
    if not question:
        return None
    current = known.get(one.entry_id or "")
    lang = one.fields.get("lang") or (current.lang if current else detect_lang(question))
    return question_key(question, lang)
