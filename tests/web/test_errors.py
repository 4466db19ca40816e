"""The error catalogue: complete, unambiguous, documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from web import errors

DOC = Path(__file__).parents[2] / "docs" / "integrators" / "errors.md"


def test_every_code_is_documented_with_its_status_and_remedy() -> None:
    rows = {
        cells[1].strip(" `"): cells
        for line in DOC.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
        for cells in [line.split("|")]
    }
    assert set(rows) == {row.code for row in errors.catalogue()}
    for row in errors.catalogue():
        cells = [cell.strip() for cell in rows[row.code]]
        assert cells[2] == str(row.status)
        assert cells[3] == (str(row.close_code) if row.close_code else "–")
        assert cells[4:6] == [row.title, row.remedy]


def test_codes_are_unique_and_complete() -> None:
    leaves = [kind for kind in errors._leaves(errors.WebError) if not kind.__subclasses__()]
    assert len({kind.code for kind in leaves}) == len(leaves) == len(errors.catalogue())
    for row in errors.catalogue():
        assert all((row.code, row.title, row.remedy))
        assert 400 <= row.status < 600
        assert row.close_code is None or row.close_code == 1012 or 4000 <= row.close_code < 5000


@pytest.mark.parametrize("row", errors.catalogue(), ids=lambda row: row.code)
def test_problem_document_has_the_members_of_rfc_9457(row: errors.Row) -> None:
    kind = next(k for k in errors._leaves(errors.WebError) if k.code == row.code)
    problem = kind("what was wrong", retry_after_s=3).problem("/v1/x")
    assert problem["type"] == f"/v1/errors/{row.code}"
    assert problem["status"] == row.status
    assert problem["detail"] == "what was wrong"
    assert problem["instance"] == "/v1/x"
    assert problem["retry_after_s"] == 3
    assert kind().problem()["detail"] == row.title
