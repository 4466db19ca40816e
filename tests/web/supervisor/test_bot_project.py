"""The trained bot follows its project: when it is trained again, and what a failure says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from web.supervisor.bot_project import PROJECT, BotProject
from web.supervisor.errors import BotRuntimeMissing, TrainingFailed


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A small project with the files that decide a model."""
    folder = tmp_path / "bot"
    for name in ("config.yml", "domain.yml", "data/nlu/en.yml", "components/policy.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    (folder / "requirements.lock").write_text("rasa==3.6.21\n")
    return folder


def _project(copy: Path, interpreter: Path | None = None) -> BotProject:
    return BotProject(copy.parent / "models", copy, interpreter or copy / "python")


@pytest.mark.parametrize(
    "edit",
    [
        lambda f: (f / "config.yml").write_text("other"),
        lambda f: (f / "data" / "nlu" / "zh.yml").write_text("new file"),
        lambda f: (f / "data" / "nlu" / "en.yml").rename(f / "data" / "nlu" / "en2.yml"),
        lambda f: (f / "components" / "policy.py").unlink(),
        lambda f: (f / "requirements.lock").write_text("rasa==3.6.22\n"),
    ],
    ids=["edited", "added", "renamed", "deleted", "rasa"],
)
def test_every_edit_that_matters_asks_for_a_new_model(
    copy: Path, edit: Callable[[Path], object]
) -> None:
    before = _project(copy).model()
    assert _project(copy).model() == before
    edit(copy)
    assert _project(copy).model() != before


def test_compiled_files_and_notes_do_not(copy: Path) -> None:
    before = _project(copy).fingerprint()
    (copy / "components" / "__pycache__").mkdir()
    (copy / "components" / "__pycache__" / "policy.pyc").write_bytes(b"x")
    (copy / "README.md").write_text("notes")
    assert _project(copy).fingerprint() == before


def test_a_missing_runtime_says_how_to_make_it(copy: Path) -> None:
    with pytest.raises(BotRuntimeMissing, match="make setup"):
        _project(copy).check_runtime()


def _interpreter(copy: Path, script: str) -> Path:
    path = copy / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


async def test_a_failed_training_shows_the_last_words_and_leaves_no_model(copy: Path) -> None:
    python = _interpreter(copy, "echo 'config.yml: line 3 is wrong'; exit 1")
    project = _project(copy, python)
    with pytest.raises(TrainingFailed, match=r"(?s)line 3 is wrong.*training\.log"):
        await project.train(lambda _: None)
    assert list(project.models.glob("*.tar.gz")) == []


async def test_training_that_made_nothing_is_a_failure_too(copy: Path) -> None:
    project = _project(copy, _interpreter(copy, "exit 0"))
    with pytest.raises(TrainingFailed):
        await project.train(lambda _: None)


async def test_stages_are_reported_and_old_models_go(copy: Path) -> None:
    made = 'echo "Starting to train component \'RulePolicy\'."; touch "$4/$6.tar.gz"'
    seen: list[str] = []
    for number in range(4):
        (copy / "config.yml").write_text(f"version {number}")
        project = _project(copy, _interpreter(copy, made))
        model = await project.train(seen.append)
        assert model == project.model()
        assert model.is_file()
        assert await project.train(seen.append) == model
    assert seen == ["RulePolicy"] * 4
    assert len(list(project.models.glob("grapevine-*.tar.gz"))) == 2
    assert model.is_file()


def test_the_server_listens_on_loopback_and_has_no_management_api(copy: Path) -> None:
    command = _project(copy).command(Path("m.tar.gz"), 5105)
    assert command[command.index("--interface") + 1] == "127.0.0.1"
    assert "--enable-api" not in command


@pytest.mark.slow
async def test_the_real_project_trains_with_the_real_rasa(tmp_path: Path) -> None:
    project = BotProject(tmp_path)
    seen: list[str] = []
    model = await project.train(seen.append)
    assert model.stat().st_size > 10_000
    assert "HybridPolicy" in seen
    assert project.folder == PROJECT
