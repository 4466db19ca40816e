"""Stages and stamps of set-up, and what is shown while pip works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import environments
import pytest
from environments import Environment, Stage
from pip_progress import PipFailed, Reader, Status, is_noise, run_pip

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def here(tmp_path: Path) -> Environment:
    """An environment that stands on the running interpreter."""
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return Environment(folder, Path(sys.executable), (VERSION,))


def _stage(environment: Environment, lock: Path, *arguments: str) -> Stage:
    return Stage("serve", "web: libraries", environment, arguments, (lock,))


def test_a_finished_stage_is_fresh_until_its_lock_or_options_change(
    here: Environment, tmp_path: Path
) -> None:
    lock = tmp_path / "web.lock"
    lock.write_text("alpha==1\n")
    stage = _stage(here, lock)
    assert not stage.fresh()
    here.write_stamp(stage.name, stage.digest())
    assert stage.fresh()
    assert not _stage(here, lock, "--no-deps").fresh()
    lock.write_text("alpha==2\n")
    assert not stage.fresh()


def test_only_the_packaging_tables_of_pyproject_decide(here: Environment, tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    text = '[build-system]\nrequires = []\n[project]\nname = "x"\n[tool.setuptools]\n'
    project.write_text(text)
    stage = _stage(here, project)
    before = stage.digest()
    project.write_text(text + "[tool.ruff]\nline-length = 100\n")
    assert stage.digest() == before
    project.write_text(text.replace('"x"', '"y"'))
    assert stage.digest() != before


def test_a_damaged_stamp_is_as_good_as_none(here: Environment) -> None:
    here.write_stamp("serve", "digest")
    (here.folder / "grapevine-setup.json").write_text('{"serve": ')
    assert here.read_stamp() == {}


def test_an_environment_is_usable_only_if_it_runs_and_has_the_version(
    here: Environment, tmp_path: Path
) -> None:
    assert here.usable()
    assert not Environment(here.folder, here.interpreter, ("3.1",)).usable()
    assert not Environment(tmp_path / "nothing", here.interpreter, (VERSION,)).usable()
    here.python.write_text("#!/bin/sh\nexit 1\n")
    assert not here.usable()


def test_serving_never_asks_for_torch_and_everything_else_is_hashed(here: Environment) -> None:
    serving = environments.stages("serve", here, here)
    assert not any("torch" in " ".join(stage.arguments) for stage in serving)
    assert not any(path.name in ("train.lock", "torch.in") for s in serving for path in s.inputs)
    for stage in environments.stages("test", here, here):
        if stage.name not in ("torch", "project"):
            assert "--require-hashes" in stage.arguments


def test_options_for_torch_are_passed_on(
    here: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(environments.TORCH_OPTIONS, "--find-links '/some folder'")
    torch = next(s for s in environments.stages("test", here, here) if s.name == "torch")
    assert torch.arguments[0].startswith("torch==")
    assert torch.arguments[1:] == ("--find-links", "/some folder")


def test_progress_is_understood_line_by_line() -> None:
    reader = Reader()
    assert reader.feed("Collecting fastapi==0.165.0") == "1 packages, looking at fastapi==0.165.0"
    reader.feed("  Downloading fastapi-0.165.0-py3-none-any.whl (120 kB)")
    assert (
        reader.feed("Progress 30 of 120")
        == "1 packages, downloading fastapi-0.165.0-py3-none-any.whl (120 kB) 25 %"
    )
    assert "Progress" not in reader.feed("Progress 0 of 0")
    assert reader.feed("Requirement already satisfied: x in y").startswith("2 packages")
    assert "installing 3 packages" in reader.feed("Installing collected packages: a, b, c")


@pytest.mark.parametrize(
    ("line", "noise"),
    [
        ("WARNING: Location 'file:///some/index/x/' is ignored: it is neither a file nor a", True),
        ("DEPRECATION: jieba is being installed using the legacy 'setup.py install'", True),
        ("ERROR: No matching distribution found for alpha==9", False),
        ("WARNING: Retrying after connection broken", False),
    ],
)
def test_only_what_nobody_can_act_on_is_noise(line: str, noise: bool) -> None:
    assert is_noise(line) is noise


def test_a_failing_pip_is_shown_with_its_last_words_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "no-such-project"
    with pytest.raises(PipFailed, match=r"(?s)no-such-project.*run this again"):
        run_pip(Path(sys.executable), ("--no-index", str(missing)), tmp_path, Status("[1/1] x"))
    assert "[1/1] x" in capsys.readouterr().out


def test_a_second_setup_of_this_folder_has_nothing_to_do() -> None:
    root = Path(environments.__file__).resolve().parent.parent
    for _ in range(2):  # the first may bring up to date what an edited lock asks for
        done = subprocess.run(
            [root / "scripts" / "setup", "test"], capture_output=True, text=True, check=True
        )
    assert "nothing to do" in done.stdout
