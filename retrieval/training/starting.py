"""The weights that training starts from, as torch modules with their tokenizers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from retrieval.models import MODELS, sources, tensors
from retrieval.models.specs import E5_BLOCKS, HUGGING_FACE, BertNames
from retrieval.training import vocabulary
from retrieval.training.saving import save

Array = np.ndarray[Any, np.dtype[np.float32]]
#: The layers of the multilingual model that the small one begins as.
KEPT_LAYERS = (0, 2, 4, 7, 9, 11)


@dataclass(frozen=True, slots=True)
class Start:
    """A model, its tokenizer as JSON text, and the id that fills up short rows."""

    bert: Any
    tokenizer: str
    pad: int


def english() -> Start:
    """all-MiniLM-L6-v2 as it is."""
    with tempfile.TemporaryDirectory() as folder:
        raw = _gathered("all-minilm-l6-v2", Path(folder))
        config = BertConfig.from_json_file(str(raw / "config.json"))
        bert = BertModel(config, add_pooling_layer=False)
        weights = tensors.read_safetensors(raw / "model.safetensors")
        bert.load_state_dict(
            {name: torch.tensor(weights[name]) for name in bert.state_dict() if name in weights},
            strict=False,
        )
        return Start(bert, (raw / "tokenizer.json").read_text(encoding="utf-8"), 0)


def multilingual(texts: Sequence[str], layers: Sequence[int] | None = None) -> Start:
    """multilingual-e5-small for English and Chinese alone, with some of its layers or all."""
    with tempfile.TemporaryDirectory() as folder:
        raw = _gathered("multilingual-e5-small", Path(folder))
        words = Tokenizer.from_str(english().tokenizer).get_vocab()
        kept = vocabulary.choose(raw / "tokenizer.json", words, texts)
        tokenizer = json.dumps(vocabulary.trimmed(raw / "tokenizer.json", kept))
        blocks = tensors.read_e5_blocks(raw / "e5-small-q4.bin")
        chosen = list(layers if layers is not None else range(blocks.layers))
        config = BertConfig(
            vocab_size=len(kept),
            hidden_size=blocks.hidden,
            num_hidden_layers=len(chosen),
            num_attention_heads=blocks.heads,
            intermediate_size=blocks.inner,
            max_position_embeddings=blocks.positions,
            layer_norm_eps=blocks.epsilon,
            pad_token_id=1,
        )
        bert = BertModel(config, add_pooling_layer=False)
        state = _renamed(blocks.tensors, E5_BLOCKS, chosen)
        state[HUGGING_FACE.word] = state[HUGGING_FACE.word][kept]
        bert.load_state_dict({n: torch.tensor(a) for n, a in state.items()}, strict=False)
        return Start(bert, tokenizer, 1)


def keep(start: Start, path: Path) -> None:
    """Write a start to ``path``."""
    state = {
        "bert": start.bert.state_dict(),
        "config": start.bert.config.to_dict(),
        "tokenizer": start.tokenizer,
        "pad": start.pad,
    }
    save(state, path)


def kept(path: Path) -> Start:
    """What :func:`keep` wrote."""
    state = torch.load(path, weights_only=True)
    bert = BertModel(BertConfig.from_dict(state["config"]), add_pooling_layer=False)
    bert.load_state_dict(state["bert"])
    return Start(bert, state["tokenizer"], state["pad"])


def _gathered(name: str, folder: Path) -> Path:
    sources.gather(MODELS[name], None, folder, lambda *_: None)
    return folder


def _renamed(
    found: Mapping[str, Array], names: BertNames, layers: Sequence[int]
) -> dict[str, Array]:
    """Tensors under the names that transformers gives them; ``layers`` are numbered anew."""
    target = HUGGING_FACE
    state = {
        target.word: found[names.word],
        target.position: found[names.position],
        target.token_type: found[names.token_type],
    }
    pairs = [(names.norm, target.norm)]
    for new, old in enumerate(layers):
        for part, name in names.parts.items():
            pairs.append(
                (names.layer.format(old) + name, target.layer.format(new) + target.parts[part])
            )
    for source, renamed in pairs:
        state[f"{renamed}.weight"] = found[f"{source}.{names.weight}"]
        state[f"{renamed}.bias"] = found[f"{source}.{names.bias}"]
    return state
