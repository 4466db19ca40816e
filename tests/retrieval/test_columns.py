from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.columns import Column

NUMBERS = st.lists(st.integers(-1000, 1000), max_size=40)


@given(st.lists(NUMBERS, max_size=8))
def test_it_holds_what_was_appended(parts: list[list[int]]) -> None:
    column, wanted = Column(np.int32), []
    for number, part in enumerate(parts):
        if number % 2:
            column.extend(part)
        else:
            for value in part:
                column.append(value)
        wanted += part
        assert column.values.tolist() == wanted
        assert len(column) == len(wanted)
    assert column.nbytes >= 4 * len(wanted)


def test_writing_to_its_values_changes_it_and_it_can_hold_others() -> None:
    column = Column(np.int32)
    column.extend([1, 2, 3])
    column.values[1] = 7
    assert column.values.tolist() == [1, 7, 3]
    column.replace(np.array([4, 5]))
    column.append(6)
    assert column.values.tolist() == [4, 5, 6]
