"""Makes the two Python environments of the product, stage by stage; called by ``scripts/setup``.

Nouns: a *stage* is one pip run with the files that decide its outcome; a *stamp* in the environment
holds a digest of those files and of the interpreter, so that a finished stage is not run again.
Standard library alone: this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pip_progress import PipFailed, Status, run_pip

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "scripts" / "locks"
BOT = ROOT / "bot"
TORCH_OPTIONS = "GRAPEVINE_TORCH_PIP_OPTIONS"
_STAMP = "grapevine-setup.json"
_HASHED = ("--require-hashes", "--no-build-isolation")


@dataclass(frozen=True)
class Environment:
    """A virtual environment: where it lies and which interpreter a new one is made with."""

    folder: Path
    interpreter: Path
    versions: tuple[str, ...]

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def version(self) -> str | None:
        """Version of the environment's own Python, None where it does not run."""
        code = "import sys, pip; print('%d.%d.%d' % sys.version_info[:3])"
        try:
            done = subprocess.run([self.python, "-c", code], capture_output=True, text=True)
        except OSError:
            return None
        return done.stdout.strip() or None if done.returncode == 0 else None

    def usable(self) -> bool:
        version = self.version()
        return version is not None and version.rsplit(".", 1)[0] in self.versions

    def create(self) -> None:
        """Make the environment; one that does not run, or is of another version, is replaced."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        subprocess.run([self.interpreter, "-m", "venv", self.folder], check=True)

    def read_stamp(self) -> dict[str, str]:
        try:
            stamp = json.loads((self.folder / _STAMP).read_text())
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def write_stamp(self, stage: str, digest: str) -> None:
        """Note a finished stage; by rename, so that an interruption leaves the old stamp."""
        stamp = self.read_stamp() | {stage: digest}
        part = self.folder / f"{_STAMP}.part"
        part.write_text(json.dumps(stamp, indent=1) + "\n")
        part.replace(self.folder / _STAMP)


@dataclass(frozen=True)
class Stage:
    """One pip run: ``arguments`` after ``pip install``; ``inputs`` decide whether it is needed."""

    name: str
    title: str
    environment: Environment
    arguments: tuple[str, ...]
    inputs: tuple[Path, ...]

    def digest(self) -> str:
        found = hashlib.sha256()
        found.update(str(self.environment.version()).encode())
        found.update("\0".join(self.arguments).encode())
        for path in self.inputs:
            found.update(_content(path))
        return found.hexdigest()

    def fresh(self) -> bool:
        return self.environment.read_stamp().get(self.name) == self.digest()


def _content(path: Path) -> bytes:
    """What of a file decides an installation; of pyproject.toml only the packaging tables."""
    if path.name != "pyproject.toml":
        return path.read_bytes()
    tables = tomllib.loads(path.read_text())
    kept = {"build": tables["build-system"], "project": tables["project"]}
    return json.dumps(kept | {"tool": tables["tool"].get("setuptools")}, sort_keys=True).encode()


def _from_lock(name: str, title: str, environment: Environment, lock: Path, *options: str) -> Stage:
    requirement = ("-r", str(lock.relative_to(ROOT)))
    return Stage(name, title, environment, (*_HASHED, *options, *requirement), (lock,))


def stages(layer: str, web: Environment, bot: Environment) -> list[Stage]:
    """The stages of a layer, in order.

    The bot's lock pins an older setuptools than ours (Rasa asks for it), hence no shared one.
    Torch comes last and without hashes: indexes serve different builds of one version. All that it
    asks for on a CPU is in train.lock; a CUDA build brings its own libraries.
    """
    build = LOCKS / "build.lock"
    project = ROOT / "pyproject.toml"
    editable = ("--no-deps", "--no-build-isolation", "--editable", ".")
    found = [
        _from_lock("build", "web: build tools", web, build),
        _from_lock("serve", "web: libraries", web, LOCKS / "web.lock"),
        Stage("project", "web: grapevine itself", web, editable, (project,)),
        _from_lock("build", "bot: build tools", bot, build),
        _from_lock("serve", "bot: Rasa and its libraries", bot, BOT / "requirements.lock"),
    ]
    if layer == "test":
        pin = LOCKS / "torch.in"
        torch = tuple(pin.read_text().split()) + tuple(
            shlex.split(os.environ.get(TORCH_OPTIONS, ""))
        )
        found += [
            _from_lock("dev", "web: test tools", web, LOCKS / "dev.lock"),
            _from_lock("train", "web: training libraries", web, LOCKS / "train.lock", "--no-deps"),
            Stage("torch", "web: torch", web, torch, (pin,)),
            _from_lock("dev", "bot: test tools", bot, BOT / "requirements-dev.lock"),
        ]
    return found


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the set-up lock; a second set-up waits for the first and then finds all done."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "setup.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another set-up is running here; waiting for it", flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def prepare(environments: list[Environment]) -> None:
    for environment in environments:
        if not environment.usable():
            print(f"making {environment.folder.name} with {environment.interpreter}", flush=True)
            environment.create()


def install(todo: list[Stage]) -> None:
    """Run the stages that are not fresh, noting each as it is done."""
    for number, stage in enumerate(todo, start=1):
        status = Status(f"[{number}/{len(todo)}] {stage.title}")
        run_pip(stage.environment.python, stage.arguments, ROOT, status)
        stage.environment.write_stamp(stage.name, stage.digest())
        status.done()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layer", choices=("serve", "test"))
    parser.add_argument("--web-python", type=Path, required=True)
    parser.add_argument("--bot-python", type=Path, required=True)
    parser.add_argument("--root", type=Path, default=ROOT, help="folder that gets the environments")
    options = parser.parse_args()
    web = Environment(options.root / ".venv", options.web_python, ("3.11", "3.12", "3.13"))
    bot = Environment(options.root / ".venv-bot", options.bot_python, ("3.10",))
    started = time.monotonic()
    try:
        with only_one():
            prepare([web, bot])
            todo = [stage for stage in stages(options.layer, web, bot) if not stage.fresh()]
            install(todo)
    except PipFailed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; run it again to go on from here", file=sys.stderr)
        return 130
    what = f"{len(todo)} stages run" if todo else "nothing to do"
    print(f"environments ready ({what}, {time.monotonic() - started:.1f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
