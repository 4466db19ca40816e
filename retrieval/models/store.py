"""The folder of converted models: made once, checked on every load, shared by all processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock

import retrieval
from retrieval.errors import ConversionFailed, ModelCorrupt, ModelNotFound
from retrieval.models import hub, sources
from retrieval.models.manifest import Manifest, verify_folder
from retrieval.models.registry import MODELS, ModelSpec

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model as ``list()`` reports it; ``source`` and ``path`` only where it is installed."""

    name: str
    kind: str
    languages: tuple[str, ...]
    licence: str
    installed: bool
    size_bytes: int = 0
    source: str | None = None
    path: Path | None = None


class ModelStore:
    """Provides converted models by name.

    ``cache_dir`` is the folder that fetched and converted models live in (the user's cache where
    None); ``model_dir`` a folder that is searched for weight files before anything is fetched.
    Names are those of :data:`retrieval.models.MODELS`, or "owner/name" of the hub.
    """

    def __init__(self, cache_dir: Path | None = None, model_dir: Path | None = None) -> None:
        base = cache_dir or Path(platformdirs.user_cache_dir("grapevine"))
        self.root = base / "models"
        self._model_dir = model_dir

    def ensure(self, name: str, progress: Progress | None = None, *, force: bool = False) -> Path:
        """Return the folder of ``name``, fetching and converting it first where needed.

        ``progress`` is called with (stage, done, total). ``force`` makes it anew. Safe to call
        from several processes at once: one works, the others wait.
        Raises ModelNotFound, ModelCorrupt, ConversionFailed.
        """
        spec = self._spec(name)
        folder = self._folder(name)
        if not force and self._current(spec, folder):
            verify_folder(folder)
            return folder
        report = progress or _silent
        with self._locked(name):
            if force or not self._current(spec, folder):
                self._make(spec, folder, report)
            verify_folder(folder)
        return folder

    def verify(self, name: str, *, full: bool = True) -> None:
        """Hash the files of an installed model. Raises ModelNotFound or ModelCorrupt."""
        self._spec(name)
        folder = self._folder(name)
        if not folder.is_dir():
            raise ModelNotFound(
                f"{name} is not in the cache. Fetch it with: grapevine models fetch {name}"
            )
        verify_folder(folder, full=full)

    def list(self) -> list[ModelInfo]:
        """Every known model, and every other one that is installed."""
        infos = [self._info(spec) for spec in MODELS.values()]
        if self.root.is_dir():
            names = (p.name.replace("--", "/", 1) for p in sorted(self.root.glob("*--*")))
            infos += [self._info(hub.hub_spec(n)) for n in names if hub.is_hub_name(n)]
        return infos

    def remove(self, name: str) -> bool:
        """Delete a converted model; False where there was none."""
        self._spec(name)
        folder = self._folder(name)
        with self._locked(name):
            if not folder.is_dir():
                return False
            self._discard(folder)
        return True

    def _spec(self, name: str) -> ModelSpec:
        if name in MODELS:
            return MODELS[name]
        if hub.is_hub_name(name):
            return hub.hub_spec(name)
        raise ModelNotFound(
            f"There is no model named {name!r}. Known are {', '.join(MODELS)}; a hub name has "
            "the form owner/name."
        )

    def _folder(self, name: str) -> Path:
        return self.root / name.replace("/", "--")

    def _current(self, spec: ModelSpec, folder: Path) -> bool:
        """Whether a converted folder is there and was made by this very recipe."""
        return folder.is_dir() and Manifest.read(folder).fingerprint == spec.fingerprint()

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / f".{name.replace('/', '--')}.lock"):
            yield

    def _make(self, spec: ModelSpec, folder: Path, report: Progress) -> None:
        """Gather and convert in a temporary folder beside the target, then rename it."""
        with tempfile.TemporaryDirectory(prefix=".work-", dir=self.root) as temporary:
            work = Path(temporary)
            raw, out = work / "raw", work / "out"
            raw.mkdir()
            out.mkdir()
            if spec.converter == "hub":
                source = hub.gather(spec.name, self._model_dir, raw, report)
            else:
                source = sources.gather(spec, self._model_dir, raw, report)
            run_conversion(spec, raw, out, report)
            kind = json.loads((out / "card.json").read_text(encoding="utf-8"))["kind"]
            Manifest.of(out, spec.name, kind, spec.fingerprint(), source)
            if folder.is_dir():
                self._discard(folder)
            out.rename(folder)

    def _discard(self, folder: Path) -> None:
        # Renamed first, so that nobody can open a half-deleted folder.
        dead = Path(tempfile.mkdtemp(prefix=".dead-", dir=self.root))
        folder.rename(dead / folder.name)
        shutil.rmtree(dead)

    def _info(self, spec: ModelSpec) -> ModelInfo:
        folder = self._folder(spec.name)
        try:
            manifest = Manifest.read(folder)
        except ModelCorrupt:
            return ModelInfo(spec.name, spec.kind, spec.languages, spec.licence, installed=False)
        size = sum(p.stat().st_size for p in folder.iterdir() if p.is_file())
        return ModelInfo(
            name=spec.name,
            kind=manifest.kind,
            languages=spec.languages,
            licence=spec.licence,
            installed=True,
            size_bytes=size,
            source=manifest.source,
            path=folder,
        )


def run_conversion(spec: ModelSpec, raw: Path, out: Path, report: Progress) -> None:
    """Convert ``raw`` into the empty folder ``out`` in a process of its own; a job file is written
    beside ``raw``. Raises ConversionFailed."""
    job = raw.parent / "job.json"
    job.write_text(
        json.dumps({"spec": spec.as_job(), "raw": str(raw), "out": str(out)}), encoding="utf-8"
    )
    report("convert", 0, 1)
    errors = raw.parent / "errors.txt"
    with (
        errors.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(  # noqa: S603 - our own module and our own job file
            [sys.executable, "-m", "retrieval.models.convert", str(job)],
            cwd=Path(retrieval.__file__).parent.parent,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            stage, done, total = json.loads(line)
            report(stage, done, total)
    if process.returncode != 0:
        said = errors.read_text(encoding="utf-8").strip().splitlines()
        reason = said[-1] if said else f"the process ended with status {process.returncode}"
        raise ConversionFailed(f"{spec.name} could not be converted: {reason}")


def _silent(_stage: str, _done: int, _total: int) -> None:
    return
