"""Checkpoints that the user names as on the Hugging Face hub ("owner/name").

They are looked for in the local folder first, then fetched with ``huggingface_hub``. Only
safetensors weights are taken: pickled ones run code when they are read.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from retrieval.errors import ModelNotFound
from retrieval.models.registry import ModelSpec
from retrieval.models.sources import Report

_PATTERNS = ["*.safetensors", "*.json", "*.txt", "*.model"]


def is_hub_name(name: str) -> bool:
    """Whether ``name`` has the form owner/name."""
    owner, slash, rest = name.partition("/")
    parts = (owner, rest)
    return bool(slash) and all(p and p not in {".", ".."} for p in parts) and "/" not in rest


def hub_spec(name: str) -> ModelSpec:
    """The spec of a checkpoint that nothing is pinned for; its card comes from its own files."""
    return ModelSpec(
        name=name,
        kind="encoder",
        converter="hub",
        languages=(),
        licence="see the model's page",
    )


def gather(name: str, model_dir: Path | None, work: Path, report: Report) -> str:
    """Copy the checkpoint's files into ``work``; return the source with its revision.

    Raises ModelNotFound where it is neither in the local folder nor can be fetched.
    """
    if model_dir is not None:
        for folder in (model_dir / name, model_dir / name.rpartition("/")[2]):
            if (folder / "config.json").is_file():
                return _copy(name, folder, work)
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ModelNotFound(
            f"{name} is a hub name, and huggingface_hub is not installed. Install the extra "
            "'train' (pip install 'grapevine[train]'), or put the checkpoint's folder into "
            "GRAPEVINE_MODEL_DIR."
        ) from error
    report("download", 0, 1)
    try:
        fetched = Path(snapshot_download(name, allow_patterns=_PATTERNS))
    except Exception as error:
        raise ModelNotFound(
            f"{name} could not be fetched from the hub ({type(error).__name__}: {error}). Check "
            "the name and the network, or put the checkpoint's folder into GRAPEVINE_MODEL_DIR."
        ) from error
    report("download", 1, 1)
    _copy(name, fetched, work)
    return f"hub {name} at {fetched.name}"


def _copy(name: str, folder: Path, work: Path) -> str:
    if not any(folder.glob("*.safetensors")):
        raise ModelNotFound(
            f"{name} in {folder} has no .safetensors weights. Other formats are pickled and are "
            "not read; ask for a revision of the model that has safetensors."
        )
    for path in folder.rglob("*"):
        if path.is_file() and any(path.match(pattern) for pattern in _PATTERNS):
            target = work / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return f"folder {folder}"
