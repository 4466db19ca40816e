"""Passes that wait at the same time are joined; none is lost, mixed up or made to wait."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retrieval.batching import Batcher, Hidden, Ids


class Model:
    """Hidden states that tell whose they are; remembers the size of each pass."""

    def __init__(self) -> None:
        self.passes: list[int] = []
        self.free = threading.Event()
        self.free.set()
        self.entered = threading.Event()
        self.fails = False

    def __call__(self, ids: Ids) -> Hidden:
        self.passes.append(len(ids))
        self.entered.set()
        assert self.free.wait(10)
        if self.fails:
            raise RuntimeError("the model broke")
        hidden = np.zeros((len(ids), max(map(len, ids)), 1), np.float32)
        for row, text in enumerate(ids):
            hidden[row, : len(text), 0] = text
        return hidden


def text(number: int, length: int = 20) -> list[int]:
    return [number] * length


def wait_for(batcher: Batcher, count: int) -> None:
    for _ in range(1000):
        if len(batcher._waiting) == count:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"{len(batcher._waiting)} wait, not {count}")


def test_what_queues_up_while_the_model_is_busy_shares_the_next_pass() -> None:
    model = Model()
    batcher = Batcher(model)
    model.free.clear()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(batcher, [text(0)])
        assert model.entered.wait(10)
        others = [pool.submit(batcher, [text(n, 16 + n), text(n, 3)]) for n in range(1, 6)]
        wait_for(batcher, 5)
        model.free.set()
        assert first.result(10)[0, 0, 0] == 0
        for number, other in enumerate(others, 1):
            found = other.result(10)
            assert found.shape == (2, 16 + number, 1)
            assert found[0, :, 0].tolist() == text(number, 16 + number)
            assert found[1, :3, 0].tolist() == text(number, 3)
    assert model.passes == [1, 10]


def test_alone_nobody_waits() -> None:
    model = Model()
    batcher = Batcher(model)
    for number in range(3):
        batcher([text(number)])
    assert model.passes == [1, 1, 1]


@pytest.mark.parametrize("ids", [[text(1, 15)], [text(1, 300), text(1, 300)]])
def test_narrow_and_large_passes_stay_by_themselves(ids: list[list[int]]) -> None:
    model = Model()
    batcher = Batcher(model)
    model.free.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(batcher, [text(0)])
        assert model.entered.wait(10)
        model.entered.clear()
        second = pool.submit(batcher, ids)
        assert model.entered.wait(10)
        model.free.set()
        first.result(10)
        assert second.result(10)[0, 0, 0] == 1
    assert sorted(model.passes) == sorted([1, len(ids)])


def test_a_pass_never_grows_beyond_its_bound() -> None:
    model = Model()
    batcher = Batcher(model)
    model.free.clear()
    with ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(batcher, [text(0)])]
        assert model.entered.wait(10)
        waiting += [pool.submit(batcher, [text(n, 100)]) for n in range(1, 13)]
        wait_for(batcher, 12)
        model.free.set()
        assert [int(one.result(10)[0, 0, 0]) for one in waiting] == list(range(13))
    assert max(model.passes) <= 5


def test_an_error_reaches_everybody_of_the_pass_and_nobody_else() -> None:
    model = Model()
    batcher = Batcher(model)
    model.free.clear()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(batcher, [text(0)])]
        assert model.entered.wait(10)
        waiting += [pool.submit(batcher, [text(n)]) for n in (1, 2)]
        wait_for(batcher, 2)
        model.fails = True
        model.free.set()
        for one in waiting:
            with pytest.raises(RuntimeError, match="broke"):
                one.result(10)
    model.fails = False
    assert batcher([text(7)])[0, 0, 0] == 7
