"""From plain arrays to CTranslate2's format. Imported by the converting process alone.

``ctranslate2.specs`` imports torch where it is installed; the converting process forbids that
before it imports this module (see :mod:`retrieval.models.convert`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BertNames:
    """Where a BERT's tensors are found: ``layer`` is formatted with the layer's number."""

    word: str
    position: str
    token_type: str
    norm: str
    layer: str
    parts: Mapping[str, str]
    weight: str = "weight"
    bias: str = "bias"


#: The names of transformers' BertModel.
HUGGING_FACE = BertNames(
    word="embeddings.word_embeddings.weight",
    position="embeddings.position_embeddings.weight",
    token_type="embeddings.token_type_embeddings.weight",  # noqa: S106 - a tensor's name
    norm="embeddings.LayerNorm",
    layer="encoder.layer.{}.",
    parts={
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "attention": "attention.output.dense",
        "attention_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense",
        "outer": "output.dense",
        "outer_norm": "output.LayerNorm",
    },
)

#: The names of the 4-bit block file.
E5_BLOCKS = BertNames(
    word="emb.word",
    position="emb.pos",
    token_type="emb.type",  # noqa: S106 - a tensor's name
    norm="emb.ln",
    layer="l{}.",
    parts={
        "query": "q",
        "key": "k",
        "value": "v",
        "attention": "ao",
        "attention_norm": "aln",
        "inner": "fi",
        "outer": "fo",
        "outer_norm": "oln",
    },
    weight="w",
    bias="b",
)


def bert_spec(
    tensors: Mapping[str, Array],
    names: BertNames,
    *,
    layers: int,
    heads: int,
    epsilon: float,
    vocabulary: list[str],
    unknown: str,
) -> Any:
    """A BERT encoder (post-norm, GELU, absolute positions) without its unused pooler."""
    encoder = transformer_spec.TransformerEncoderSpec(
        layers,
        heads,
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = tensors[names.word]
    encoder.embeddings[1].weight = tensors[names.token_type]
    encoder.position_encodings.encodings = tensors[names.position]
    _norm(encoder.layernorm_embedding, tensors, names.norm, names)
    for number, layer in enumerate(encoder.layer):
        at = {part: names.layer.format(number) + name for part, name in names.parts.items()}
        fused = layer.self_attention.linear[0]
        heads_of = [at["query"], at["key"], at["value"]]
        fused.weight = np.concatenate([tensors[f"{n}.{names.weight}"] for n in heads_of])
        fused.bias = np.concatenate([tensors[f"{n}.{names.bias}"] for n in heads_of])
        _linear(layer.self_attention.linear[1], tensors, at["attention"], names)
        _norm(layer.self_attention.layer_norm, tensors, at["attention_norm"], names)
        _linear(layer.ffn.linear_0, tensors, at["inner"], names)
        _linear(layer.ffn.linear_1, tensors, at["outer"], names)
        _norm(layer.ffn.layer_norm, tensors, at["outer_norm"], names)
    spec = transformer_spec.TransformerEncoderModelSpec(encoder)
    rows = tensors[names.word].shape[0]
    spec.register_vocabulary(
        [*vocabulary, *(f"<extra_{i}>" for i in range(rows - len(vocabulary)))]
    )
    spec.config.unk_token = unknown
    spec.config.layer_norm_epsilon = epsilon
    return spec


@dataclass(frozen=True, slots=True)
class LlamaShape:
    """Sizes of a Llama-type decoder."""

    layers: int
    heads: int
    heads_kv: int
    rope_base: float
    epsilon: float


def llama_spec(
    tensors: Mapping[str, Array],
    shape: LlamaShape,
    vocabulary: list[str],
    *,
    bos: str,
    eos: str,
    unknown: str,
) -> Any:
    """A Llama-type decoder (RMSNorm, SwiGLU, rotary positions, grouped queries) from GGUF names.

    GGUF stores the query and key rows interleaved for llama.cpp's rotation; they are put back
    into halves, as transformers and CTranslate2's sliced rotation expect them.
    """
    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        shape.layers,
        shape.heads,
        activation=common_spec.Activation.SWISH,
        pre_norm=True,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=0,
        rotary_interleave=False,
        rotary_base=shape.rope_base,
        num_heads_kv=None if shape.heads_kv == shape.heads else shape.heads_kv,
    )
    decoder = spec.decoder
    decoder.scale_embeddings = False
    decoder.embeddings.weight = tensors["token_embd.weight"]
    decoder.projection.weight = tensors.get("output.weight", tensors["token_embd.weight"])
    decoder.layer_norm.gamma = tensors["output_norm.weight"]
    for number, layer in enumerate(decoder.layer):
        at = f"blk.{number}."
        layer.self_attention.layer_norm.gamma = tensors[at + "attn_norm.weight"]
        layer.ffn.layer_norm.gamma = tensors[at + "ffn_norm.weight"]
        layer.self_attention.linear[0].weight = np.concatenate(
            [
                _halves(tensors[at + "attn_q.weight"], shape.heads),
                _halves(tensors[at + "attn_k.weight"], shape.heads_kv),
                tensors[at + "attn_v.weight"],
            ]
        )
        layer.self_attention.linear[1].weight = tensors[at + "attn_output.weight"]
        layer.ffn.linear_0.weight = tensors[at + "ffn_gate.weight"]
        layer.ffn.linear_0_noact.weight = tensors[at + "ffn_up.weight"]
        layer.ffn.linear_1.weight = tensors[at + "ffn_down.weight"]
    spec.register_vocabulary(vocabulary)
    spec.config.bos_token, spec.config.eos_token = bos, eos
    spec.config.unk_token = unknown
    spec.config.layer_norm_epsilon = shape.epsilon
    return spec


def save(spec: Any, folder: Path) -> None:
    """Validate, quantise to int8 and write ``spec`` into an existing folder."""
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))


def _halves(weight: Array, heads: int) -> Array:
    rows, columns = weight.shape
    split = weight.reshape(heads, rows // heads // 2, 2, columns)
    result: Array = split.swapaxes(1, 2).reshape(rows, columns)
    return result


def _linear(spec: Any, tensors: Mapping[str, Array], name: str, names: BertNames) -> None:
    spec.weight = tensors[f"{name}.{names.weight}"]
    spec.bias = tensors[f"{name}.{names.bias}"]


def _norm(spec: Any, tensors: Mapping[str, Array], name: str, names: BertNames) -> None:
    spec.gamma = tensors[f"{name}.{names.weight}"]
    spec.beta = tensors[f"{name}.{names.bias}"]
