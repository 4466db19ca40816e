"""What a question expects, and how an answer compares with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal[
    "right",
    "wrong",
    "clarified_right",
    "clarified_wrong",
    "declined_wrong",
    "declined_right",
]

_KEYS = ("expect", "expect_any", "expect_all")


@dataclass(frozen=True, slots=True)
class Expectation:
    """The entries a question expects; ``ids`` is empty where it is not covered.

    ``all_of``: every id has to be shown (two questions in one message).
    """

    ids: tuple[str, ...]
    all_of: bool = False

    @property
    def covered(self) -> bool:
        return bool(self.ids)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Expectation:
        """Read the one ``expect…`` key of a row. Raises ValueError, saying what is wrong."""
        present = [key for key in _KEYS if key in row]
        if len(present) != 1:
            found = ", ".join(present) or "none of them"
            raise ValueError(f"exactly one of {', '.join(_KEYS)} is wanted, found {found}")
        key, value = present[0], row[present[0]]
        if key == "expect":
            return cls((value,) if value is not None else ())
        if not value:
            raise ValueError(f'{key} is empty; write "expect": null for an uncovered question')
        return cls(tuple(value), all_of=key == "expect_all")

    def to_json(self) -> str | list[str] | None:
        """The expectation as a record carries it: an id, several ids, or null."""
        if not self.ids:
            return None
        return self.ids[0] if len(self.ids) == 1 and not self.all_of else list(self.ids)


def judge(expected: Expectation, route: str, entry_ids: Sequence[str]) -> Outcome:
    """Compare what was shown with what was expected."""
    if route in ("answer", "compose", "error"):
        if not expected.covered or route == "error":
            return "wrong"
        return "right" if _shown(expected, route, entry_ids) else "wrong"
    if route == "clarify":
        hit = any(entry in expected.ids for entry in entry_ids)
        return "clarified_right" if hit else "clarified_wrong"
    return "declined_wrong" if expected.covered else "declined_right"


def _shown(expected: Expectation, route: str, entry_ids: Sequence[str]) -> bool:
    if expected.all_of:
        return set(expected.ids) <= set(entry_ids)
    if route == "compose":
        return any(entry in expected.ids for entry in entry_ids)
    return bool(entry_ids) and entry_ids[0] in expected.ids
