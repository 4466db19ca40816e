"""Converted models against the frameworks that their weights come from."""

from __future__ import annotations

import json
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from benchmarks.calibration_worlds import SHOP
from retrieval.encoder import Ct2Encoder
from retrieval.models import MODELS, ModelStore, sources
from retrieval.models.tensors import read_e5_blocks
from web.settings import Settings

pytestmark = [pytest.mark.models, pytest.mark.slow]

PROMPTS = (
    "What is the capital of France?",
    "How do I restart a router? Answer in one sentence.",
    "Say hello to a customer.",
    "Refunds take 5 to 7 business days. When do I get my refund?",
    "List three colors.",
)


@pytest.fixture
def raw(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The pinned weight files of the model that the test names."""
    folder = tmp_path / "raw"
    folder.mkdir()
    spec = MODELS[request.param]
    sources.gather(spec, Settings().model_dir, folder, lambda *_: None)
    return folder


def texts(lang: str) -> list[str]:
    rows = [json.loads(line) for line in SHOP.read_text(encoding="utf-8").splitlines()]
    chosen = [row for row in rows if "id" in row and row["lang"] == lang]
    return [t for row in chosen for t in (row["question"], *row["alternatives"], *row["asks"])]


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = (one * other).sum(axis=1)
    return result


@pytest.mark.parametrize("raw", ["all-minilm-l6-v2"], indirect=True)
def test_minilm_against_sentence_transformers(model_store: ModelStore, raw: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    encoder = Ct2Encoder("all-minilm-l6-v2", model_store)
    encoder.load()
    asked = texts("en")[:200]
    (raw / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizerFast"}')
    body = modules.Transformer(str(raw), max_seq_length=256)
    pooling = modules.Pooling(encoder.dim, pooling_mode="mean")
    reference = SentenceTransformer(modules=[body, pooling, modules.Normalize()]).encode(asked)
    assert len(asked) == 200
    found = cosines(encoder.encode(asked), reference)
    assert found.min() >= 0.985
    assert found.mean() >= 0.995


@pytest.mark.parametrize("raw", ["multilingual-e5-small"], indirect=True)
def test_e5_against_its_dequantised_self_in_torch(model_store: ModelStore, raw: Path) -> None:
    import torch
    from transformers import BertConfig, BertModel

    from retrieval.models.specs import E5_BLOCKS, HUGGING_FACE

    blocks = read_e5_blocks(raw / "e5-small-q4.bin")
    config = BertConfig(
        vocab_size=blocks.vocabulary,
        hidden_size=blocks.hidden,
        num_hidden_layers=blocks.layers,
        num_attention_heads=blocks.heads,
        intermediate_size=blocks.inner,
        max_position_embeddings=blocks.positions,
        layer_norm_eps=blocks.epsilon,
    )
    state = {
        HUGGING_FACE.word: blocks.tensors[E5_BLOCKS.word],
        HUGGING_FACE.position: blocks.tensors[E5_BLOCKS.position],
        HUGGING_FACE.token_type: blocks.tensors[E5_BLOCKS.token_type],
        f"{HUGGING_FACE.norm}.weight": blocks.tensors["emb.ln.w"],
        f"{HUGGING_FACE.norm}.bias": blocks.tensors["emb.ln.b"],
    }
    for layer in range(blocks.layers):
        for part, name in HUGGING_FACE.parts.items():
            ours = E5_BLOCKS.layer.format(layer) + E5_BLOCKS.parts[part]
            theirs = HUGGING_FACE.layer.format(layer) + name
            state[f"{theirs}.weight"] = blocks.tensors[f"{ours}.w"]
            state[f"{theirs}.bias"] = blocks.tensors[f"{ours}.b"]
    model = BertModel(config, add_pooling_layer=False).eval()
    model.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    tokenizer = Tokenizer.from_file(str(raw / "tokenizer.json"))
    asked = texts("en")[:60] + texts("zh")[:60]
    rows = []
    with torch.no_grad():
        for text in asked:
            hidden = model(torch.tensor([tokenizer.encode("query: " + text).ids]))
            pooled = hidden.last_hidden_state[0].mean(0)
            rows.append(torch.nn.functional.normalize(pooled, dim=0).numpy())
    encoder = Ct2Encoder("multilingual-e5-small", model_store)
    encoder.load()
    assert cosines(encoder.encode(asked), np.array(rows)).min() >= 0.998


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("raw", ["smollm2-135m"], indirect=True)
def test_smollm2_against_transformers(model_store: ModelStore, raw: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    (weights,) = raw.glob("*.gguf")
    model = AutoModelForCausalLM.from_pretrained(
        raw, gguf_file=weights.name, quantization_config=GgufConfig(dequantize=True)
    )
    model = model.float().eval()
    theirs = AutoTokenizer.from_pretrained(raw, gguf_file=weights.name)
    folder = model_store.ensure("smollm2-135m")
    ours = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in (*texts("en")[:80], *texts("zh")[:20], "Order #12345, 3.50€ on 2024-01-02!\n\n  x"):
        assert ours.encode(text).ids == theirs(text)["input_ids"]
    # The same int8 weights with float arithmetic show the conversion, without the noise that
    # int8 activations add.
    exact = ctranslate2.Generator(str(folder), compute_type="float32")
    quick = ctranslate2.Generator(str(folder), compute_type="int8")
    agree: dict[str, list[float]] = {"exact": [], "quick": []}
    for prompt in PROMPTS:
        text = f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
        asked = ours.encode(text)
        with torch.no_grad():
            written = model.generate(torch.tensor([asked.ids]), max_new_tokens=40, do_sample=False)[
                0
            ]
            reference = model(written[None]).logits[0].argmax(-1).numpy()
        tokens = [ours.id_to_token(int(number)) for number in written]
        for name, generator in (("exact", exact), ("quick", quick)):
            best = np.array(generator.forward_batch([tokens]))[0].argmax(-1)
            agree[name].append(float((best == reference).mean()))
    greedy = quick.generate_batch(
        [ours.encode(f"<|im_start|>user\n{PROMPTS[0]}<|im_end|>\n<|im_start|>assistant\n").tokens],
        max_length=20,
        sampling_topk=1,
        include_prompt_in_result=False,
    )[0]
    assert ours.decode(greedy.sequences_ids[0]).strip() == "The capital of France is Paris."
    assert np.mean(agree["exact"]) >= 0.95
    assert np.mean(agree["quick"]) >= 0.8
