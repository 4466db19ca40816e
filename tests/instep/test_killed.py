"""SIGKILL at the worst moments: what was committed is answered, and rows and vectors agree."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.instep.conftest import Other, eventually

pytestmark = pytest.mark.slow

MANY = 150


def edits(count: int, words: str) -> list[dict[str, str]]:
    return [
        {"entry_id": f"entry-{n}", "question": f"{words} number {n}, please?"} for n in range(count)
    ]


def test_a_writer_that_is_killed_in_the_middle_of_edits(start: Callable[..., Other]) -> None:
    follower, writer = start("one"), start("writer", follows=False)
    writer.order(write=edits(MANY, "What is"))
    done = [writer.hear() for _ in range(MANY // 3)]
    writer.kill()
    eventually(lambda: follower.check()["entries"] >= len(done))
    eventually(lambda: bool(follower.check()["ok"]))
    again = start("writer", follows=False)
    again.write(*edits(MANY, "Where do I find"))
    eventually(lambda: follower.check()["entries"] == MANY)
    found = follower.check()
    assert found["ok"], found
    assert found["vectors"] == 6 * MANY


def test_a_writer_that_is_killed_before_its_commit(start: Callable[..., Other]) -> None:
    follower, writer = start("one"), start("writer", follows=False)
    writer.order(**{"import": MANY})
    while writer.hear() != {"uncommitted": MANY // 2}:
        pass
    writer.kill()
    again = start("writer", follows=False)
    again.write({"entry_id": "reset", "question": "How do I reset my router?"})
    eventually(lambda: follower.ask("What about number 3?") == {"reset": 1})
    found = follower.check()
    assert found["ok"], found


def test_a_follower_that_is_killed_while_it_follows(start: Callable[..., Other]) -> None:
    killed, other, writer = start("one"), start("two"), start("writer", follows=False)
    writer.write(*edits(MANY, "What is"))
    writer.order(write=edits(MANY, "Where do I find"))
    eventually(lambda: 2 in killed.ask("Where do I find number 3, please?").values())
    killed.kill()
    for _ in range(MANY):
        writer.hear()
    # One of those that it knew is withdrawn while it is away.
    writer.write({"entry_id": "entry-3", "status": "disabled"})
    back = start("one")
    for one in (back, other):
        eventually(lambda one=one: one.check()["entries"] == MANY - 1)
        eventually(lambda one=one: bool(one.check()["ok"]))
        found = one.check()
        assert found["vectors"] == 6 * (MANY - 1), found
        assert "entry-3" not in one.ask("Where do I find number 3, please?")
        assert set(one.ask("Where do I find number 4, please?").values()) == {2}


def test_a_process_that_is_killed_while_it_writes_a_snapshot(start: Callable[..., Other]) -> None:
    one, writer = start("one"), start("writer", follows=False)
    writer.write(*edits(MANY, "What is"))
    eventually(lambda: one.check()["entries"] == MANY)
    folder = one.folder / "index"

    def unfinished() -> list[str]:
        return [path.name for path in folder.glob(".writing-*")]

    # A kill may come a moment too late; then once more.
    for _ in range(20):
        one.order(snapshots=1000)
        eventually(lambda: bool(unfinished()))
        one.kill()
        if unfinished():
            break
        one = start("one")
    assert unfinished()
    back = start("one")
    found = back.check()
    assert found["ok"], found
    assert found["damage"] is None
    assert (found["entries"], found["vectors"]) == (MANY, 6 * MANY)
    back.order(snapshots=1)
    while back.hear() != {"done": True}:
        pass
    assert not unfinished()
