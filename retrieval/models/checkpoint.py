"""Converting a Hugging Face checkpoint. Imported by the converting process alone.

Needs the extra ``train``: CTranslate2's own converter reads the checkpoint with transformers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retrieval.errors import ConversionFailed

_ENCODER_MAX_TOKENS = 256


def convert(raw: Path, out: Path, report: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Convert ``raw`` into ``out`` at int8 and return its card, the key "kind" included."""
    try:
        from ctranslate2.converters import TransformersConverter
        from transformers import AutoTokenizer
    except ImportError as error:
        raise ConversionFailed(
            "converting a hub checkpoint needs the extra 'train': "
            "pip install 'grapevine[train]'. "
            f"({error})"
        ) from error
    config = json.loads((raw / "config.json").read_text(encoding="utf-8"))
    config.setdefault("position_embedding_type", "absolute")
    (raw / "config.json").write_text(json.dumps(config), encoding="utf-8")
    report("convert", 0, 2)
    TransformersConverter(str(raw)).convert(str(out), quantization="int8", force=True)
    report("convert", 1, 2)
    tokenizer = AutoTokenizer.from_pretrained(str(raw))
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ConversionFailed("the checkpoint has no fast tokenizer (tokenizer.json).")
    backend.save(str(out / "tokenizer.json"))
    report("convert", 2, 2)
    architecture = (config.get("architectures") or [""])[0]
    if architecture.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")):
        return {
            "kind": "generator",
            "bos_token": tokenizer.bos_token,
            "eos_token": tokenizer.eos_token,
            "context_tokens": config.get("n_positions") or config.get("max_position_embeddings"),
            "chat_template": tokenizer.chat_template,
        }
    return _encoder_card(raw, config)


def _encoder_card(raw: Path, config: dict[str, Any]) -> dict[str, Any]:
    pooling = "mean"
    described = raw / "1_Pooling" / "config.json"
    if described.is_file():
        modes = json.loads(described.read_text(encoding="utf-8"))
        if modes.get("pooling_mode_cls_token"):
            pooling = "cls"
        elif not modes.get("pooling_mode_mean_tokens", True):
            raise ConversionFailed("only mean and first-token pooling are known.")
    # The E5 family was trained with these prefixes (Wang et al. 2022, arXiv 2212.03533).
    is_e5 = "e5" in str(config.get("_name_or_path", "")).lower() or "e5" in raw.name.lower()
    return {
        "kind": "encoder",
        "dim": config["hidden_size"],
        "pooling": pooling,
        "prefix_query": "query: " if is_e5 else "",
        "prefix_passage": "passage: " if is_e5 else "",
        "max_tokens": min(_ENCODER_MAX_TOKENS, config["max_position_embeddings"]),
    }
