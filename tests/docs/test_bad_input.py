"""Every case of docs/developers/bad-input.md names tests, and these tests exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.conftest import ROOT

_PAGE = ROOT / "docs" / "developers" / "bad-input.md"
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def _cases() -> list[tuple[str, str]]:
    rows = [line.split("|") for line in _PAGE.read_text("utf-8").splitlines() if line[:1] == "|"]
    return [(row[1].strip(), row[3]) for row in rows if row[1].strip() not in ("case", "---")]


@pytest.mark.parametrize(("case", "tests"), _cases(), ids=lambda value: str(value)[:40])
def test_a_case_is_held_by_tests_that_exist(case: str, tests: str) -> None:
    named = _NAMED.findall(tests)
    assert named, f"{case!r} names no test"
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        names = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        assert name in names, f"{path} has no {name}"


def test_no_test_of_the_folder_is_left_out() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    for path in sorted((ROOT / "tests" / "bad_input").glob("test_*.py")):
        assert str(path.relative_to(ROOT)) in page
