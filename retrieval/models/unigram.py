"""A SentencePiece file from the vocabulary of a ``tokenizer.json`` of the unigram kind.

Written by hand: the format is a protocol buffer of a few fields (``sentencepiece_model.proto`` of
the SentencePiece project), and its compiled module would need the protobuf library.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from retrieval.pieces import FRAME, PIECES

_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3
_LENGTH_DELIMITED, _FIXED32 = 2, 5
_UNIGRAM = 1


def write(tokenizer: Path, out: Path) -> None:
    """Write ``pieces.model`` and ``pieces.json`` into ``out``.

    Nothing is written for another kind of tokenizer, or one that spells unknown text in bytes:
    that is for ``tokenizers`` itself.
    """
    raw = json.loads(tokenizer.read_text(encoding="utf-8"))
    model = raw["model"]
    if model.get("type") != "Unigram" or model.get("byte_fallback"):
        return
    special = {token["content"] for token in raw["added_tokens"]}
    (out / PIECES).write_bytes(_model(model, special))
    frame = Tokenizer.from_file(str(tokenizer)).encode("").ids
    unknown = model["vocab"][model["unk_id"]]
    shell = {
        **raw,
        "added_tokens": [],
        "post_processor": None,
        "truncation": None,
        "padding": None,
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [unknown]},
    }
    # "<s> … </s>": the first half of an empty text's ids goes before, the rest after.
    half = len(frame) // 2
    (out / FRAME).write_text(
        json.dumps({"before": frame[:half], "after": frame[half:], "shell": shell}), "utf-8"
    )


def _model(model: dict[str, Any], special: set[str]) -> bytes:
    body = bytearray()
    for number, (piece, score) in enumerate(model["vocab"]):
        kind = _UNKNOWN if number == model["unk_id"] else _CONTROL if piece in special else _NORMAL
        body += _bytes(
            1, _bytes(1, piece.encode()) + _key(2, _FIXED32) + struct.pack("<f", score)
            + _number(3, kind)
        )  # fmt: skip
    body += _bytes(2, _number(3, _UNIGRAM) + _number(40, model["unk_id"]))
    # The text comes normalised: no prefix, no folding, no escaping of spaces.
    body += _bytes(3, _bytes(1, b"identity") + _number(3, 0) + _number(4, 0) + _number(5, 0))
    return bytes(body)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _number(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, _LENGTH_DELIMITED) + _varint(len(value)) + value
