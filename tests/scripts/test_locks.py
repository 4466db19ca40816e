"""What the lock files promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "scripts" / "locks"
BOT = ROOT / "bot"
ALL = sorted([*LOCKS.glob("*.lock"), *BOT.glob("requirements*.lock")])


def _blocks(lock: Path) -> dict[str, list[str]]:
    """Each locked requirement with the lines that follow it."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lock.read_text().splitlines():
        if re.match(r"[a-z0-9]", line):
            current = found.setdefault(line.rstrip(" \\"), [])
        else:
            current.append(line)
    return found


def _names(lock: Path) -> dict[str, str]:
    return {
        wanted.name: str(next(iter(wanted.specifier)).version)
        for wanted in map(Requirement, _blocks(lock))
    }


@pytest.mark.parametrize("lock", ALL, ids=lambda path: path.name)
def test_every_pin_is_exact_and_hashed(lock: Path) -> None:
    blocks = _blocks(lock)
    assert blocks
    for requirement, lines in blocks.items():
        assert "==" in requirement
        assert any("--hash=sha256:" in line for line in lines), requirement


@pytest.mark.parametrize("lock", ALL, ids=lambda path: path.name)
def test_locks_name_no_place(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"--(index|extra-index|find-links)", text)
    assert not re.search(r"(^|\s)/\w", text)


@pytest.mark.parametrize(
    ("lock", "inputs"),
    [
        (LOCKS / "web.lock", ["web.in"]),
        (LOCKS / "dev.lock", ["web.in", "dev.in"]),
        (LOCKS / "train.lock", ["web.in", "dev.in", "train.in"]),
        (BOT / "requirements.lock", ["../../bot/requirements.in"]),
        (
            BOT / "requirements-dev.lock",
            ["../../bot/requirements.in", "../../bot/requirements-dev.in"],
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_everything_asked_for_is_locked(lock: Path, inputs: list[str]) -> None:
    locked = _names(lock)
    for name in inputs:
        for line in (LOCKS / name).read_text().split():
            wanted = Requirement(line)
            key = re.sub(r"[-_.]+", "-", wanted.name).lower()
            assert key in locked, f"{line} of {name}: run scripts/lock"
            assert wanted.specifier.contains(locked[key])


def test_the_layers_agree_on_every_version() -> None:
    web, dev, train = (_names(LOCKS / f"{name}.lock") for name in ("web", "dev", "train"))
    assert web.items() <= dev.items()
    assert dev.items() <= train.items()
    serve, test = (_names(BOT / f"{n}.lock") for n in ("requirements", "requirements-dev"))
    assert serve.items() <= test.items()


def test_serving_needs_nothing_of_training_and_no_lock_holds_a_cuda_build() -> None:
    heavy = ("torch", "transformers", "sentence-transformers", "accelerate")
    assert not any(name in _names(LOCKS / "web.lock") for name in heavy)
    for lock in LOCKS.glob("*.lock"):
        bound = [
            n for n in _names(lock) if n == "torch" or n.startswith(("nvidia-", "triton", "cuda"))
        ]
        assert bound == [], lock.name


def test_pyproject_and_the_serving_lock_ask_for_the_same() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {
        re.sub(r"[-_.]+", "-", Requirement(d).name).lower() for d in project["dependencies"]
    }
    locked = {
        re.sub(r"[-_.]+", "-", Requirement(line).name).lower()
        for line in (LOCKS / "web.in").read_text().split()
    }
    assert declared == locked
