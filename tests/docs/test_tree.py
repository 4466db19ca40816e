"""The repository speaks of the product: no place of one machine, no host of a registry."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT

# Put together here, so that this file does not find itself.
_PLACES = re.compile(
    "|".join(
        [
            "/(?:" + "work|root|home/[a-z]+" + ")/",
            "/opt/(?:" + "wheels|pypi" + ")",
            r"pypi\." + "org|pythonhosted" + r"\.org",
            r"registry\." + "npmjs",
            r"deb\." + "debian" + r"\.org",
        ]
    )
)
_BINARY = {".png", ".ico", ".xlsx", ".npz", ".woff2", ".gz"}


def _tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_file_names_a_machine_or_a_registry() -> None:
    tracked = _tracked()
    assert len(tracked) > 100
    found = []
    for path in tracked:
        if path.suffix in _BINARY:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in _PLACES.finditer(text)]
    assert found == []


def test_the_pattern_finds_what_it_is_for() -> None:
    for place in ("/ro" + "ot/.cache", "https://pypi." + "org/simple", "/ho" + "me/kim/x"):
        assert _PLACES.search(place)


@pytest.mark.parametrize("name", ["LICENSE", "NOTICE", "CHANGELOG.md"])
def test_what_a_release_needs_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 300


def test_the_licence_is_the_one_that_the_package_declares() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()[:200]
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


def test_every_model_is_in_the_notice_with_its_licence() -> None:
    from retrieval.models import MODELS

    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for spec in MODELS.values():
        for wheel in spec.wheels:
            assert f"{wheel.project} {wheel.version}" in re.sub(r"\s+", " ", notice)
        named = next(
            line for line in notice.splitlines() if line.lower().startswith(spec.name[:12])
        )
        assert spec.licence in named


def test_every_part_that_is_the_work_of_others_is_in_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    own = [p for p in _tracked() if p.name == "NOTICE" and p.parent != ROOT]
    licences = [p for p in _tracked() if p.name.endswith("-OFL.txt")]
    assert own
    assert licences
    for path in own:
        assert str(path.parent.relative_to(ROOT)) in notice
    for path in licences:
        assert str(path.parent.relative_to(ROOT)) in notice
        assert path.name.removesuffix("-OFL.txt").replace("-", " ").title() in notice
