"""The Rasa project: whether its trained model still fits it, and training it where not."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from web.settings import PROJECT_ROOT
from web.supervisor.children import Command
from web.supervisor.errors import BotRuntimeMissing, TrainingFailed
from web.supervisor.jobs import run_job

PROJECT = PROJECT_ROOT / "bot"
INTERPRETER = PROJECT_ROOT / ".venv-bot" / "bin" / "python"
_TRAINED_ON = ("config.yml", "domain.yml", "credentials.yml", "requirements.lock")
_TRAINED_ON_FOLDERS = ("data", "components")
_RASA = Path(__file__).with_name("run_rasa.py")
_KEPT_MODELS = 2
_STAGE = re.compile(r"(?:Starting to train|Restored) component '(\w+)'")

#: One worker on a machine that other processes share: threads that spin cost more than they give.
#: Fewer malloc arenas keep the resident size from creeping up.
ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MPLBACKEND": "agg",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
    "PYTHONPATH": str(PROJECT_ROOT),
}


@dataclass(frozen=True, slots=True)
class BotProject:
    """The project in ``folder``, run by ``interpreter``; trained models go to ``models``."""

    models: Path
    folder: Path = PROJECT
    interpreter: Path = INTERPRETER

    def check_runtime(self) -> None:
        """Raises BotRuntimeMissing where the bot's Python environment is not there."""
        if not os.access(self.interpreter, os.X_OK):
            raise BotRuntimeMissing(
                f"The bot's Python environment is missing ({self.interpreter.parent.parent}): "
                "run 'make setup', or set GRAPEVINE_BOT_URL to a bot that runs elsewhere."
            )

    def fingerprint(self) -> str:
        """Hash of everything that decides a trained model.

        The lock file stands for Rasa's version, so that nothing has to be imported to know it.
        """
        found = hashlib.sha256()
        for path in self._inputs():
            found.update(str(path.relative_to(self.folder)).encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
        return found.hexdigest()[:16]

    def model(self) -> Path:
        """Where the model of the present project lies, trained or not."""
        return self.models / f"grapevine-{self.fingerprint()}.tar.gz"

    async def train(self, report: Callable[[str], None]) -> Path:
        """Train the project unless its model is there; ``report`` is handed Rasa's stages.

        The model appears by rename, so that an interrupted training leaves none behind; a
        cancelled one ends Rasa too. Raises BotRuntimeMissing, TrainingFailed.
        """
        target = self.model()
        self.check_runtime()
        if target.is_file():
            return target
        self.models.mkdir(parents=True, exist_ok=True)
        part = f"part-{os.getpid()}"
        made = self.models / f"{part}.tar.gz"
        words = self.models / "training.log"
        try:
            code = await self._run_training(part, words, report)
            if code != 0 or not made.is_file():
                raise TrainingFailed(_failure(code, words))
            made.replace(target)
        finally:
            made.unlink(missing_ok=True)
        self._drop_old(target)
        return target

    def command(self, model: Path, port: int, python: Path | None = None) -> list[str]:
        """The command that serves ``model`` on loopback."""
        return [
            str(python or self.interpreter),
            *(str(_RASA), "run", "--model", str(model)),
            *("--interface", "127.0.0.1", "--port", str(port)),
            *("--credentials", "credentials.yml", "--endpoints", "endpoints.yml"),
        ]

    def _inputs(self) -> Iterator[Path]:
        for name in _TRAINED_ON:
            path = self.folder / name
            if path.is_file():
                yield path
        for name in _TRAINED_ON_FOLDERS:
            yield from sorted(
                path
                for path in (self.folder / name).rglob("*")
                if path.is_file() and path.suffix != ".pyc"
            )
        yield from sorted(self.folder.glob("*.py"))

    async def _run_training(self, part: str, words: Path, report: Callable[[str], None]) -> int:
        environment = os.environ | ENVIRONMENT
        # Training may use every core; only serving has to share them.
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
            environment.pop(name, None)
        options = ("train", "--out", str(self.models), "--fixed-model-name", part)
        command = Command((str(self.interpreter), str(_RASA), *options), self.folder, environment)
        with words.open("w", encoding="utf-8") as kept:

            def line(text: str) -> None:
                kept.write(text + "\n")
                stage = _STAGE.search(text)
                if stage:
                    report(stage.group(1))

            return await run_job(command, line)

    def _drop_old(self, newest: Path) -> None:
        models = sorted(
            self.models.glob("grapevine-*.tar.gz"), key=lambda path: path.stat().st_mtime
        )
        for path in models[:-_KEPT_MODELS]:
            if path != newest:
                path.unlink(missing_ok=True)


def _failure(code: int, words: Path) -> str:
    last = words.read_text(encoding="utf-8").strip().splitlines()[-8:]
    said = "\n".join(f"  {line}" for line in last)
    return (
        f"Training the bot failed (exit code {code}). Rasa's last words:\n{said}\n"
        f"All of them are in {words}; if bot/ was edited, undo that; if the environment is "
        "incomplete, run 'make setup'."
    )
