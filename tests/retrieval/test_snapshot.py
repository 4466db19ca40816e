"""Damage of every kind to every file of a snapshot: told, never believed, and mended."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval import snapshot
from tests.retrieval.conftest import SMALL_BASE, entry, small_retriever
from tests.retrieval.hashing import HashingEncoder

FILES = 4


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def delete(path: Path) -> None:
    path.unlink()


def encoders(made: object) -> list[HashingEncoder]:
    return list(made._encoders.values())  # type: ignore[attr-defined]


def texts_encoded(made: object) -> int:
    return sum(encoder.encoded for encoder in encoders(made))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The folder of a small base's snapshot, the only one there."""
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE)
    made.snapshot()
    (folder,) = (tmp_path / "index").glob("snapshot-*")
    return folder


def test_a_restart_encodes_nothing(tmp_path: Path, written: Path) -> None:
    again = small_retriever(tmp_path)
    again.load()
    assert again.damage is None
    assert again.check(SMALL_BASE).ok
    again.replace_all(SMALL_BASE)
    assert texts_encoded(again) == 0
    assert again.search("reset router").ranked[0].entry_id == "router-reset"


@pytest.mark.parametrize("harm", [truncate, flip, empty, delete])
@pytest.mark.parametrize("number", range(FILES))
def test_damage_is_told_and_mended(
    tmp_path: Path, written: Path, harm: Callable[[Path], None], number: int
) -> None:
    files = sorted(written.iterdir())
    assert len(files) == FILES
    harm(files[number])
    again = small_retriever(tmp_path)
    again.load()
    assert again.damage is not None
    assert str(files[number]) in again.damage
    again.replace_all(SMALL_BASE)
    assert again.damage is None
    assert again.check(SMALL_BASE).ok
    assert again.search("end my phone plan").ranked[0].entry_id == "cancel-mobile"


def test_whole_vectors_are_used_again_when_the_entries_are_damaged(
    tmp_path: Path, written: Path
) -> None:
    flip(written / "entries.json")
    again = small_retriever(tmp_path)
    again.load()
    assert again.search("reset router").ranked == ()
    before = texts_encoded(again)
    again.replace_all(SMALL_BASE)
    assert texts_encoded(again) == before
    assert again.check(SMALL_BASE).ok


def test_the_snapshot_before_stands_in_for_a_damaged_one(tmp_path: Path, written: Path) -> None:
    made = small_retriever(tmp_path)
    made.load()
    made.remove(["roaming"])
    made.snapshot()
    newest = sorted((tmp_path / "index").glob("snapshot-*"))[-1]
    assert newest != written
    flip(newest / "manifest.json")
    again = small_retriever(tmp_path)
    again.load()
    assert again.check(SMALL_BASE).ok


def test_vectors_of_another_encoder_are_not_used(tmp_path: Path, written: Path) -> None:
    other = small_retriever(tmp_path, version="2")
    other.load()
    # Left empty, so that it is filled and written anew.
    assert not other.check(SMALL_BASE).ok
    other.replace_all(SMALL_BASE)
    assert texts_encoded(other) > 0
    assert other.check(SMALL_BASE).ok


def test_only_the_two_newest_are_kept_and_no_half_written_one(tmp_path: Path) -> None:
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE)
    for _ in range(4):
        made.snapshot()
    names = sorted(path.name for path in (tmp_path / "index").glob("snapshot-*"))
    assert names == ["snapshot-000003", "snapshot-000004"]


def test_a_failed_write_leaves_the_last_one(
    tmp_path: Path, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = small_retriever(tmp_path)
    made.load()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("retrieval.snapshot.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        made.snapshot()
    assert [path.name for path in (tmp_path / "index").glob("snapshot-*")] == [written.name]


def test_nothing_is_read_where_nothing_was_written(tmp_path: Path) -> None:
    assert snapshot.read(tmp_path / "none") is None


def test_a_writer_that_is_killed_leaves_the_last_one(tmp_path: Path, written: Path) -> None:
    made = small_retriever(tmp_path)
    made.load()
    made.remove(["roaming"])
    child = os.fork()
    if not child:
        # All is written and nothing renamed: the worst moment.
        snapshot.Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign,assignment,attr-defined]
        made.snapshot()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    left = list((tmp_path / "index").glob(".writing-*"))
    assert len(left) == 1
    again = small_retriever(tmp_path)
    again.load()
    assert again.damage is None
    assert again.check(SMALL_BASE).ok
    again.snapshot()
    assert left[0] not in (tmp_path / "index").iterdir()


def test_edits_while_it_is_written_are_read_again(
    tmp_path: Path, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = small_retriever(tmp_path)
    made.load()
    edited = replace(SMALL_BASE[0], revision=2, question="How do I paint my router?")
    put = snapshot._put_block

    def edit_first(path: Path, block: snapshot.Block) -> None:
        if made.search("paint my router").ranked[0].revision == 1:
            made.upsert([edited])
            made.remove(["roaming"])
        put(path, block)

    monkeypatch.setattr("retrieval.snapshot._put_block", edit_first)
    made.snapshot()
    now = [edited, *(entry for entry in SMALL_BASE[1:] if entry.id != "roaming")]
    again = small_retriever(tmp_path)
    again.load()
    assert again.damage is None
    assert not again.check(now).ok
    again.replace_all(now)
    assert again.check(now).ok
    assert "roaming" not in {one.entry_id for one in again.search("roaming price").ranked}


def test_a_large_base_is_put_and_written_in_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.hybrid._AT_ONCE", 3)
    monkeypatch.setattr("retrieval.hybrid._BLOCK", 5)
    told: list[tuple[int, int]] = []
    made = small_retriever(tmp_path, on_progress=lambda *step: told.append(step))
    made.load()
    base = [entry(f"entry-{n}", f"What does plan number {n} cost?") for n in range(17)]
    made.replace_all(base)
    assert told == [(3, 17), (6, 17), (9, 17), (12, 17), (15, 17), (17, 17)]
    assert made.check(base).ok
    made.snapshot()
    again = small_retriever(tmp_path)
    again.load()
    assert again.check(base).ok
    assert texts_encoded(again) == 0
    for one in base:
        found, wanted = (each.search(one.question).ranked for each in (again, made))
        assert [r.entry_id for r in found] == [r.entry_id for r in wanted]
        assert [r.p for r in found] == pytest.approx([r.p for r in wanted], abs=1e-6)
    made.replace_all(base[5:])
    assert made.check(base[5:]).ok


def test_writers_of_one_folder_wait_for_each_other(tmp_path: Path) -> None:
    writers = [small_retriever(tmp_path) for _ in range(4)]
    for one in writers:
        one.load()
        one.replace_all(SMALL_BASE)
    (tmp_path / "index").mkdir(exist_ok=True)
    (tmp_path / "index" / ".writing-of-a-dead-process").mkdir()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            list(pool.map(lambda one: one.snapshot(), writers))
    names = sorted(path.name for path in (tmp_path / "index").iterdir())
    assert names == [".lock", "snapshot-000019", "snapshot-000020"]


def test_a_snapshot_during_edits_can_be_loaded(tmp_path: Path) -> None:
    made = small_retriever(tmp_path)
    made.load()
    made.replace_all(SMALL_BASE)
    first, second, *others = SMALL_BASE
    with ThreadPoolExecutor(1) as pool:
        for revision in range(2, 12):
            edited = replace(first, revision=revision, question=f"Why {revision}?")
            writing = pool.submit(made.snapshot)
            made.upsert([edited])
            made.remove([second.id])
            writing.result()
            again = small_retriever(tmp_path)
            again.load()
            assert again.damage is None
            again.replace_all([edited, *others])
            assert again.check([edited, *others]).ok
            assert {one.entry_id for one in again.search(second.question).ranked} <= {
                one.id for one in (edited, *others)
            }
            made.upsert([second])
