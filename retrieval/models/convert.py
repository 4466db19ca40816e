"""The converting process: ``python -m retrieval.models.convert JOB``.

JOB is a JSON file with the spec, the folder of raw files and the empty folder to write. Torch is
made unimportable first: the numpy path needs none of it, and importing it would cost seconds.
Progress goes to stdout as JSON lines; a failure is one line on stderr and exit status 1.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from retrieval.errors import ConversionFailed

CARD = "card.json"


def main(arguments: list[str]) -> int:
    """Convert as the job file says; the exit status tells whether it worked."""
    job = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    spec, raw, out = job["spec"], Path(job["raw"]), Path(job["out"])
    try:
        _CONVERTERS[spec["converter"]](spec, raw, out)
    except (ConversionFailed, KeyError, ValueError, OSError, ImportError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


def _forbid_torch() -> None:
    # A None in sys.modules turns "import torch" into an ImportError, which ctranslate2.specs
    # takes as "not installed".
    cast(dict[str, Any], sys.modules)["torch"] = None


def _report(stage: str, done: int, total: int) -> None:
    sys.stdout.write(json.dumps([stage, done, total]) + "\n")
    sys.stdout.flush()


def _convert_bert(spec: dict[str, Any], raw: Path, out: Path) -> None:
    _forbid_torch()
    from retrieval.models import specs, tensors

    config = json.loads((raw / "config.json").read_text(encoding="utf-8"))
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise ConversionFailed("only absolute position embeddings can be converted.")
    if config["hidden_act"] != "gelu":
        raise ConversionFailed(f"activation {config['hidden_act']} is not known; gelu is.")
    vocabulary, unknown = _vocabulary(raw)
    model = specs.bert_spec(
        tensors.read_safetensors(raw / "model.safetensors"),
        specs.HUGGING_FACE,
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
        vocabulary=vocabulary,
        unknown=unknown,
    )
    _finish(model, spec, raw, out)


def _convert_e5(spec: dict[str, Any], raw: Path, out: Path) -> None:
    _forbid_torch()
    from retrieval.models import specs, tensors

    blocks = tensors.read_e5_blocks(raw / "e5-small-q4.bin")
    vocabulary, unknown = _vocabulary(raw)
    if vocabulary != blocks.pieces:
        raise ConversionFailed("tokenizer.json and the weights do not list the same pieces.")
    model = specs.bert_spec(
        blocks.tensors,
        specs.E5_BLOCKS,
        layers=blocks.layers,
        heads=blocks.heads,
        epsilon=blocks.epsilon,
        vocabulary=vocabulary,
        unknown=unknown,
    )
    _finish(model, spec, raw, out)


def _convert_llama(spec: dict[str, Any], raw: Path, out: Path) -> None:
    _forbid_torch()
    from retrieval.models import gguf_tokenizer, specs, tensors

    (path,) = raw.glob("*.gguf")
    model = tensors.read_gguf(path)
    fields = cast(dict[str, Any], model.fields)
    if fields["general.architecture"] != "llama":
        raise ConversionFailed(f"{path.name} is not of the Llama type.")
    shape = specs.LlamaShape(
        layers=fields["llama.block_count"],
        heads=fields["llama.attention.head_count"],
        heads_kv=fields["llama.attention.head_count_kv"],
        rope_base=fields["llama.rope.freq_base"],
        epsilon=fields["llama.attention.layer_norm_rms_epsilon"],
    )
    _report("convert", 1, 3)
    tokens = fields["tokenizer.ggml.tokens"]
    bos = tokens[fields["tokenizer.ggml.bos_token_id"]]
    eos = tokens[fields["tokenizer.ggml.eos_token_id"]]
    unknown = tokens[fields["tokenizer.ggml.unknown_token_id"]]
    decoder = specs.llama_spec(model.tensors, shape, tokens, bos=bos, eos=eos, unknown=unknown)
    _report("convert", 2, 3)
    specs.save(decoder, out)
    gguf_tokenizer.write(fields, out / "tokenizer.json")
    card = {
        "bos_token": bos,
        "eos_token": eos,
        "context_tokens": fields["llama.context_length"],
        "chat_template": fields["tokenizer.chat_template"],
    }
    _write_card(spec, {**spec["card"], **card}, out)
    _report("convert", 3, 3)


def _convert_hub(spec: dict[str, Any], raw: Path, out: Path) -> None:
    from retrieval.models import checkpoint, unigram

    card = checkpoint.convert(raw, out, _report)
    unigram.write(out / "tokenizer.json", out)
    _write_card({**spec, "kind": card.pop("kind")}, card, out)


def _take_ready(_spec: dict[str, Any], raw: Path, out: Path) -> None:
    """Files that training has converted already, its card among them."""
    for path in raw.iterdir():
        shutil.copyfile(path, out / path.name)
    from retrieval.models import unigram

    unigram.write(out / "tokenizer.json", out)


def _finish(model: Any, spec: dict[str, Any], raw: Path, out: Path) -> None:
    from retrieval.models import specs, unigram

    _report("convert", 1, 2)
    specs.save(model, out)
    (out / "tokenizer.json").write_bytes((raw / "tokenizer.json").read_bytes())
    unigram.write(out / "tokenizer.json", out)
    _write_card(spec, spec["card"], out)
    _report("convert", 2, 2)


def _vocabulary(raw: Path) -> tuple[list[str], str]:
    """The tokens of ``tokenizer.json`` by id, and its unknown token."""
    model = json.loads((raw / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    if isinstance(model["vocab"], list):
        pieces = [piece for piece, _ in model["vocab"]]
        return pieces, pieces[model["unk_id"]]
    return sorted(model["vocab"], key=model["vocab"].__getitem__), model["unk_token"]


def _write_card(spec: dict[str, Any], card: dict[str, Any], out: Path) -> None:
    text = {"name": spec["name"], "kind": spec["kind"], "licence": spec["licence"], **card}
    (out / CARD).write_text(json.dumps(text, indent=2, ensure_ascii=False) + "\n", "utf-8")


_CONVERTERS: dict[str, Callable[[dict[str, Any], Path, Path], None]] = {
    "bert": _convert_bert,
    "e5-blocks": _convert_e5,
    "llama-gguf": _convert_llama,
    "hub": _convert_hub,
    "ready": _take_ready,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
