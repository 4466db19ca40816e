"""import(export(x)) == x, for what each format carries, on hostile texts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from knowledge.database import metadata, open_engine, reading
from knowledge.rows import histories
from knowledge.search import matching_ids
from knowledge.store import KnowledgeStore
from knowledge.transfer import Format, export_file, import_file
from knowledge.transfer.formulas import escape, unescape
from knowledge.types import ContentChanges, Entry, EntryContent, EvidenceLink
from knowledge.validation import problems

NASTY_TEXTS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''-2", "'quoted", "\t=1", " =1", "\n", "＝1", "0123",
    "1e5", "1.0", "TRUE", "FALSE", "NULL", "#N/A", "2026-01-05", "01/02/2026", "12:30",
    "_x000D_", "_x0041_", "_x005F_x0041_", '"', '""', "a,b", "a;b", "a\tb", "line\nline", "\n\n",
    " lead", "trail ", "\u3000wide\u3000", "\u00a0", "\ufeffbom", "😀👩‍👩‍👧", "𠮷野家", "مرحبا",
    "\u202eabc", "\u200b", "\u2028", "e\u0301", "é", "[", "[]", '["a"]', "{}", "&amp;<b>", "]]>",
    "\\n", "%00", "sep=;", "ID", "nan", "100%", "=cmd|' /C calc'!A0",
]  # fmt: skip
NASTY = st.sampled_from(NASTY_TEXTS)
CHARS = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")
TEXT = st.one_of(NASTY, st.text(CHARS, max_size=40), st.tuples(NASTY, NASTY).map("".join))
FILLED = TEXT.filter(lambda text: bool(text.strip()))
NAME = FILLED.map(lambda text: " ".join(text.split())[:60].strip()).filter(bool)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
LATER = st.datetimes(datetime(2091, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
LINKS = st.builds(
    EvidenceLink, kind=NAME.map(lambda text: text[:40].strip() or "post"), ref=NAME,
    url=st.none() | NAME.map("https://example.org/".__add__), note=TEXT,
)  # fmt: skip


CONTENTS = st.builds(
    EntryContent,
    lang=st.sampled_from(["en", "zh"]), question=FILLED, answer=FILLED,
    alternatives=st.lists(FILLED, max_size=3).map(tuple), topic=st.none() | NAME,
    status=st.sampled_from(["draft", "published", "disabled"]),
    valid_from=st.none() | TIMES, valid_to=st.none() | LATER,
    translation_of=st.none() | NAME, evidence=st.lists(LINKS, max_size=2).map(tuple),
).filter(lambda content: not problems(content, None, "kim"))  # fmt: skip
#: Shrinking whole bases through files takes minutes and says little more.
QUICK = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    report_multiple_bugs=False,
)
BASES = st.dictionaries(NAME, CONTENTS, max_size=4)
EDITS = st.fixed_dictionaries({}, optional={"answer": FILLED, "topic": NAME, "question": FILLED})


@contextmanager
def empty_store() -> Iterator[KnowledgeStore]:
    engine = open_engine("sqlite://")
    metadata.create_all(engine)
    yield KnowledgeStore(engine)
    engine.dispose()


def fill(store: KnowledgeStore, base: dict[str, EntryContent]) -> None:
    for entry_id, content in base.items():
        if content.translation_of != entry_id:
            store.create(content, author="kim", entry_id=entry_id)


def contents_of(store: KnowledgeStore) -> dict[str, EntryContent]:
    return {entry.id: entry.content for entry in store.list(limit=1000).items}


def everything_in(store: KnowledgeStore) -> dict[str, Sequence[Entry]]:
    with reading(store.engine) as connection:
        return dict(histories(connection, matching_ids(connection, None)))


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
@QUICK
@given(base=BASES)
def test_the_current_content_survives(format_: Format, base: dict[str, EntryContent]) -> None:
    with tempfile.TemporaryDirectory() as folder, empty_store() as old, empty_store() as new:
        fill(old, base)
        path = Path(folder) / f"base.{format_}"
        exported = export_file(old, path, history=False)
        report = import_file(new, path, author="lee")
        assert not report.errors
        assert len(report.created) == exported.entries == len(contents_of(old))
        assert contents_of(new) == contents_of(old)
        again = import_file(old, path, author="lee")
        assert not again.created + again.updated
        assert len(again.unchanged) == exported.entries


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
@pytest.mark.parametrize("text", NASTY_TEXTS)
def test_every_nasty_cell_survives(format_: Format, text: str, tmp_path: Path) -> None:
    """The drawn texts above, each for certain and in every place."""
    word = " ".join(text.split()) or "x"
    content = EntryContent(
        "en", f"{text}x", f"{text}y", (f"{text}z", "x" + text), topic=word,
        translation_of=f"t{word}",
        evidence=(EvidenceLink(word, word, None, text),),
    )  # fmt: skip
    path = tmp_path / f"base.{format_}"
    with empty_store() as old, empty_store() as new:
        fill(old, {word: content})
        if text.strip():
            fill(old, {"alone": EntryContent("zh", text, text, (text,))})
        export_file(old, path)
        assert not import_file(new, path, author="lee").errors
        assert contents_of(new) == contents_of(old)


@QUICK
@given(
    base=BASES,
    edits=st.lists(st.tuples(st.integers(0, 3), EDITS), max_size=6),
    deleted=st.integers(0, 4),
)
def test_jsonl_carries_every_revision(
    base: dict[str, EntryContent], edits: list[tuple[int, ContentChanges]], deleted: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, empty_store() as old, empty_store() as new:
        fill(old, base)
        ids = sorted(contents_of(old))
        for place, changes in edits:
            if place < len(ids):
                old.edit(ids[place], author=f"author {place}", **changes)
        if deleted < len(ids):
            old.delete(ids[deleted], author="lee")
        path = Path(folder) / "base.jsonl"
        assert export_file(old, path).entries == len(ids)
        assert not import_file(new, path, author="someone else").errors
        assert everything_in(new) == everything_in(old)


@given(TEXT)
@example("'=1")
@example("''")
def test_escaped_cells_are_safe_and_come_back(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not escape(text).lstrip(" \u3000\ufeff").startswith(tuple("=+-@＝＋－＠\t\r\n"))
