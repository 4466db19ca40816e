"""The whole product, started once for all tests of this folder that need Rasa and the models."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.bad_input.visitor import Visitor
from web.settings import Settings
from web.supervisor.running import running_product

#: Room for ten thousand words: the limit is the operator's to choose.
MAX_CHARS, MAX_FRAME = 60_000, 262_144
_START_S, _RECOVERY_S = 600.0, 120.0


@dataclass(frozen=True)
class Whole:
    """The running product: both runtimes under their supervisor."""

    url: str
    folder: Path

    def process(self, words: str) -> psutil.Process:
        """The living process of this product whose command line holds ``words``."""
        found = [
            process
            for process in psutil.Process().children(recursive=True)
            if words in " ".join(process.cmdline()) and str(self.folder) in str(process.environ())
        ]
        assert found, f"no process of {words}"
        return found[-1]

    @property
    def bot(self) -> psutil.Process:
        return self.process("run_rasa.py")

    @property
    def web(self) -> psutil.Process:
        return self.process("web.app")

    def bot_answers(self) -> bool:
        parts = httpx.get(f"{self.url}/readyz", timeout=5).json()["parts"]
        return str(parts["bot"]).startswith("grapevine")


def until(condition: Callable[[], bool], what: str, seconds: float = _RECOVERY_S) -> None:
    """Wait for ``condition``; its end is the only thing that time decides."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.2)


@pytest.fixture(scope="package")
def whole() -> Iterator[Whole]:
    folder = Path(tempfile.mkdtemp(prefix="gv-bad-"))
    settings = Settings(
        data_dir=folder, max_message_chars=MAX_CHARS, max_frame_bytes=MAX_FRAME, open_api=True
    )
    try:
        with running_product(settings, wait_s=_START_S) as url:
            product = Whole(url, folder)
            until(product.bot_answers, "the bot answers")
            yield product
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def visitor(whole: Whole) -> Iterator[Visitor]:
    """A visitor of the whole product; afterwards the connection still has to be good."""
    with Visitor(whole.url) as visitor:
        yield visitor
        visitor.assert_alive()
