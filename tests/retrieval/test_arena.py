"""Tokens come back as they were put, wherever they lie and whatever was edited before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.arena import TokenArena
from retrieval.tokens import EntryTokens

DIM = 6
EDITS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.none() | st.integers(0, 10**6)), max_size=60
)


def tokens(seed: int) -> EntryTokens:
    rng = np.random.default_rng(seed)
    asked, every = rng.integers(1, 5), rng.integers(1, 9)
    return EntryTokens(
        rng.integers(-127, 128, (every, DIM), dtype=np.int8),
        rng.integers(-127, 128, (asked, DIM), dtype=np.int8),
        rng.random(asked, dtype=np.float32),
    )


def assert_same(found: EntryTokens, wanted: EntryTokens) -> None:
    np.testing.assert_array_equal(found.all, wanted.all)
    np.testing.assert_array_equal(found.asked, wanted.asked)
    np.testing.assert_array_equal(found.weights, wanted.weights)


@settings(max_examples=60, deadline=None)
@given(edits=EDITS, in_memory=st.sampled_from([0, 300, 10**6]))
def test_edits_leave_what_was_put_last(edits: list[tuple[str, int | None]], in_memory: int) -> None:
    # Segments of a few entries each, so that they fill up, empty and are compacted.
    arena, state = TokenArena(in_memory=in_memory, segment=200), {}
    for key, seed in edits:
        if seed is None:
            arena.discard(key)
            state.pop(key, None)
        else:
            state[key] = tokens(seed)
            arena.update({key: state[key]})
        assert arena.keys() == state.keys()
        for name, wanted in state.items():
            assert_same(arena[name], wanted)


def test_dead_entries_do_not_pile_up() -> None:
    arena = TokenArena(segment=500)
    kept = {f"kept-{n}": tokens(n) for n in range(10)}
    arena.update(kept)
    for seed in range(2_000):
        arena.update({"edited": tokens(seed)})
    held = sum(len(segment) for segment in arena._segments if segment is not None)
    assert held < 4 * arena.nbytes + 4 * 500
    for key, wanted in kept.items():
        assert_same(arena[key], wanted)


def test_what_was_handed_out_stays_as_it_was() -> None:
    arena = TokenArena(segment=200)
    arena.update({"a": tokens(1)})
    held = arena["a"]
    for seed in range(200):
        arena.update({"a": tokens(seed)})
    assert_same(held, tokens(1))


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arena = TokenArena(tmp_path, in_memory=0, segment=1)
    arena.update({"a": tokens(1), "b": tokens(2)})
    with monkeypatch.context() as patched:
        patched.setattr("retrieval.arena.os.posix_fallocate", _full)
        with pytest.raises(OSError, match="No space left"):
            arena.update({"a": tokens(3)})
        assert_same(arena["a"], tokens(1))
    arena.update({"a": tokens(3)})
    assert_same(arena["a"], tokens(3))
    assert_same(arena["b"], tokens(2))


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_files_are_kept_in_the_folder_and_vanish(tmp_path: Path) -> None:
    arena = TokenArena(tmp_path / "index", in_memory=0)
    arena.update({"a": tokens(1)})
    assert isinstance(arena._segments[0], np.memmap)
    # Nothing is left to clear away after a crash: the file has no name.
    assert list((tmp_path / "index").iterdir()) == []


def test_an_unknown_key_is_told() -> None:
    with pytest.raises(KeyError):
        TokenArena()["never"]
