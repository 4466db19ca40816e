"""Backup and restore: everything comes back, nothing is lost, damage is refused."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.backup import back_up, check_backup, restore_backup
from knowledge.database import reading
from knowledge.errors import BackupInvalid, ExportRefused
from knowledge.rows import histories
from knowledge.search import matching_ids
from knowledge.store import KnowledgeStore
from knowledge.types import Entry, EntryContent, EvidenceLink
from tests.knowledge.conftest import Clock

LIVE = EntryContent(
    lang="en", question="Q?", answer="A.\u2028 😀", status="published",
    evidence=(EvidenceLink("post", "p1"),),
)  # fmt: skip
NewStore = Callable[[], KnowledgeStore]


def everything(store: KnowledgeStore) -> dict[str, Sequence[Entry]]:
    with reading(store.engine) as connection:
        return dict(histories(connection, matching_ids(connection, None)))


def current(store: KnowledgeStore) -> dict[str, EntryContent]:
    return {
        key: past[-1].content for key, past in everything(store).items() if not past[-1].deleted
    }


@pytest.fixture
def filled(store: KnowledgeStore) -> KnowledgeStore:
    for name in ("one", "two", "gone"):
        store.create(LIVE, author="kim", entry_id=name)
    store.edit("one", author="lee", answer="B.")
    store.delete("gone", author="lee")
    return store


def test_an_empty_base_becomes_the_one_backed_up(
    filled: KnowledgeStore, new_store: NewStore, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "base.zip"
    report = back_up(filled, path)
    assert (report.entries, report.change_seq) == (3, 5)
    assert check_backup(path) == report
    other = new_store()
    clock.advance(days=1)
    done = restore_backup(other, path, author="ops", safety_folder=tmp_path / "safe")
    assert (done.created, done.deleted, done.safety) == (3, 0, None)
    assert everything(other) == everything(filled)
    again = restore_backup(other, path, author="ops", safety_folder=tmp_path / "safe")
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)


def test_a_restore_says_what_was_said_and_keeps_what_came_since(
    filled: KnowledgeStore, tmp_path: Path
) -> None:
    path = tmp_path / "base.zip"
    back_up(filled, path)
    then, seq = current(filled), filled.last_change()
    filled.edit("one", author="kim", answer="C.")
    filled.edit("one", author="kim", answer="D.")
    filled.restore("gone", author="kim")
    filled.delete("two", author="kim")
    filled.create(LIVE, author="kim", entry_id="new")
    before = everything(filled)
    done = restore_backup(filled, path, author="ops", safety_folder=tmp_path / "safe")
    assert current(filled) == then
    for entry_id, past in before.items():
        assert list(everything(filled)[entry_id][: len(past)]) == list(past)
    assert (done.updated, done.deleted) == (3, 1)
    changed = filled.changes_since(seq)
    assert [entry.id for entry in changed.upserts] == ["one", "two"]
    assert changed.removals == ["gone", "new"]
    assert filled.get("one").revision == 5
    # The safety backup leads back to where we were.
    assert done.safety is not None
    restore_backup(filled, done.safety, author="ops", safety_folder=tmp_path / "safe")
    assert current(filled) == {k: v[-1].content for k, v in before.items() if not v[-1].deleted}


def damaged(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    bad = path.with_name("bad.zip")
    with zipfile.ZipFile(bad, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return bad


def _edit_text(files: dict[str, bytes]) -> None:
    files["entries.jsonl"] = files["entries.jsonl"].replace(b"Q?", b"X?")


def _drop_line(files: dict[str, bytes]) -> None:
    files["entries.jsonl"] = b"".join(files["entries.jsonl"].splitlines(keepends=True)[1:])


def _drop_entries(files: dict[str, bytes]) -> None:
    del files["entries.jsonl"]


def _drop_manifest(files: dict[str, bytes]) -> None:
    del files["manifest.json"]


def _manifest(**changes: object) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        manifest = json.loads(files["manifest.json"]) | changes
        files["manifest.json"] = json.dumps(manifest).encode()

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_edit_text, "checksum of entries.jsonl is wrong"),
        (_drop_line, "another size"),
        (_drop_entries, "entries.jsonl"),
        (_drop_manifest, "manifest.json"),
        (_manifest(version=2), "version 2, this program reads 1"),
        (_manifest(format="photos"), "another program's"),
        (_manifest(files={}), "incomplete"),
        (_manifest(entries=7), "holds 3 entries, its manifest says 7"),
    ],
)
def test_a_damaged_archive_is_refused_and_nothing_is_touched(
    filled: KnowledgeStore,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], None],
    says: str,
) -> None:
    path = tmp_path / "base.zip"
    back_up(filled, path)
    filled.edit("one", author="kim", answer="C.")
    before, seq = everything(filled), filled.last_change()
    with pytest.raises(BackupInvalid, match=says):
        restore_backup(filled, damaged(path, change), author="ops", safety_folder=tmp_path / "safe")
    assert (everything(filled), filled.last_change()) == (before, seq)
    assert not (tmp_path / "safe").exists()


def test_a_cut_archive_and_a_missing_one_are_refused(
    filled: KnowledgeStore, tmp_path: Path
) -> None:
    path = tmp_path / "base.zip"
    back_up(filled, path)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(path.read_bytes()[:-100])
    for bad, says in ((cut, "damaged or no backup"), (tmp_path / "no.zip", "there is no file")):
        with pytest.raises(BackupInvalid, match=says):
            check_backup(bad)
    with pytest.raises(ExportRefused, match="cannot be written"):
        back_up(filled, tmp_path / "no" / "folder.zip")
    assert not list(tmp_path.glob(".*.part"))


def test_a_backup_takes_the_old_ones_place_only_once_whole(
    filled: KnowledgeStore, tmp_path: Path
) -> None:
    path = tmp_path / "base.zip"
    back_up(filled, path)
    old = path.read_bytes()

    def fail(*_: object) -> None:
        raise RuntimeError("stopped")

    filled.create(replace(LIVE, answer="E."), author="kim")
    with pytest.raises(RuntimeError, match="stopped"):
        back_up(filled, path, progress=fail)
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ".db"].count("base.zip") == 1
