"""From a trained reader to the files that the product ships: int8, with card and pinned hashes."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from retrieval.encoder import HEADS
from retrieval.errors import ConversionFailed
from retrieval.models.manifest import sha256_of
from retrieval.models.registry import ModelSpec
from retrieval.models.store import run_conversion
from retrieval.training.reader import TOKENS, Reader
from retrieval.training.starting import Start

_LARGEST_BYTES = 25_000_000


def export(
    reader: Reader, start: Start, name: str, languages: tuple[str, ...], licence: str, out: Path
) -> None:
    """Write ``out``/``name``: the converted model, its tokenizer, its card and ``spec.json``.

    Raises ConversionFailed, also where a file is larger than may be tracked.
    """
    with tempfile.TemporaryDirectory() as temporary:
        raw, made = Path(temporary) / "raw", Path(temporary) / "made"
        raw.mkdir()
        made.mkdir()
        save_file(
            {key: value.contiguous() for key, value in reader.bert.state_dict().items()},
            str(raw / "model.safetensors"),
        )
        (raw / "config.json").write_text(json.dumps(reader.bert.config.to_dict()), "utf-8")
        (raw / "tokenizer.json").write_text(start.tokenizer, "utf-8")
        spec = ModelSpec(name, "encoder", "bert", languages, licence, card=_card(reader))
        run_conversion(spec, raw, made, lambda *_: None)
        save_file(_heads(reader), str(made / HEADS))
        for unpinned in ("pieces.model", "pieces.json"):
            (made / unpinned).unlink(missing_ok=True)
        large = [p.name for p in made.iterdir() if p.stat().st_size > _LARGEST_BYTES]
        if large:
            raise ConversionFailed(f"{', '.join(large)} of {name} is larger than may be tracked.")
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)
    for path in folder.iterdir():
        path.chmod(0o644)
    files = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
    about = {"name": name, "languages": list(languages), "licence": licence, "files": files}
    (folder / "spec.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _card(reader: Reader) -> dict[str, str | int | bool]:
    return {
        "dim": reader.bert.config.hidden_size,
        "pooling": "mean",
        "prefix_query": "",
        "prefix_passage": "",
        "max_tokens": TOKENS,
        "context": True,
    }


def _heads(reader: Reader) -> dict[str, Any]:
    """The heads as :class:`retrieval.encoder.Ct2Encoder` reads them: a bias at the end."""

    def joined(head: Any) -> Any:
        return torch.cat([head.weight.detach()[0], head.bias.detach()]).contiguous()

    return {
        "projection": reader.projection.weight.detach().contiguous(),
        "message": joined(reader.message),
        "entry": joined(reader.entry),
        "none": joined(reader.none),
    }
