"""Links between the docs lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import doctables
import pytest

from tests.docs.conftest import ROOT

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """Anchors as they are made from headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        plain = re.sub(r"[^\w\s-]", "", heading.lower(), flags=re.UNICODE)
        found.add(re.sub(r"\s", "-", plain.strip()))
    return found


@pytest.mark.parametrize("page", doctables.pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    for link in (a or b for a, b in _LINK.findall(text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.relative_to(ROOT)} links to {link}"
        assert target.is_relative_to(ROOT), link
        if anchor and target.suffix == ".md":
            assert anchor in _anchors(target), f"{page.relative_to(ROOT)} links to {link}"


def test_every_page_can_be_reached_from_another() -> None:
    pages = doctables.pages()
    if not (ROOT / "README.md").exists():
        pytest.fail("README.md is missing")
    reached = {ROOT / "docs" / "README.md"}  # shown by whoever opens the folder
    for page in pages:
        text = _CODE.sub("", page.read_text(encoding="utf-8"))
        for link in (a or b for a, b in _LINK.findall(text)):
            if not re.match(r"[a-z]+:", link):
                reached.add((page.parent / link.partition("#")[0]).resolve())
    lonely = [p for p in pages if p.is_relative_to(ROOT / "docs") and p not in reached]
    assert lonely == []
