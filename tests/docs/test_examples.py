"""Shell examples that are marked in the docs are executed as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import doctables
import pytest

from tests.docs.conftest import ROOT, Example, examples
from web.settings import Settings
from web.supervisor.environment import local_url
from web.supervisor.running import free_ports, running_product

ALL = [example for page in doctables.pages() for example in examples(page)]
_BIN = Path(sys.executable).parent


def _run(example: Example, folder: Path, **variables: str) -> None:
    environment = os.environ | {
        "PATH": f"{_BIN}:{os.environ['PATH']}",
        "GRAPEVINE_DATA_DIR": str(folder),
        "COLUMNS": "120",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example.script],
        cwd=ROOT, env=environment | variables, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{example}\n{done.stdout}\n{done.stderr}"


def _marked(needs: str) -> list[Example]:
    return [example for example in ALL if example.needs == needs]


def test_examples_are_marked_only_in_known_ways() -> None:
    assert {example.needs for example in ALL} <= {"", "models", "e2e"}
    assert _marked("")


@pytest.mark.parametrize("example", _marked(""), ids=str)
def test_example(example: Example, tmp_path: Path) -> None:
    _run(example, tmp_path)


@pytest.mark.models
@pytest.mark.parametrize("example", _marked("models"), ids=str)
def test_example_with_models(example: Example, tmp_path: Path) -> None:
    _run(example, tmp_path)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A running product with the demo base."""
    folder = tmp_path_factory.mktemp("docs")
    with running_product(Settings(data_dir=folder), wait_s=420) as url:
        port = int(url.rsplit(":", 1)[1])
        yield Settings(data_dir=folder, port=port)


@pytest.mark.e2e
@pytest.mark.timeout(600)
@pytest.mark.parametrize("example", _marked("e2e"), ids=str)
def test_example_with_a_server(example: Example, server: Settings) -> None:
    url = local_url(server)
    _run(example, server.data_dir, GRAPEVINE=url, GRAPEVINE_PORT=str(server.port))


def test_free_ports_differ() -> None:
    assert len(set(free_ports(5))) == 5
