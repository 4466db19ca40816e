"""Trimming a multilingual vocabulary to English and Chinese: most of the model's size is pieces.

Kept are the control pieces, every single character of the two scripts, punctuation and emoji, and
every piece that the segmentation of common words or of the training texts uses.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from retrieval.errors import RetrievalError

_CONTROLS = 4
_RANGES = (
    *((0x0, 0x24F), (0x2000, 0x20FF), (0x3000, 0x30FF), (0x4E00, 0x9FFF)),
    *((0xFF00, 0xFFEF), (0x1F300, 0x1FAFF)),
)
#: A Chinese word counts as common from this frequency in jieba's dictionary on.
_COMMON = 150
_SEEN = 2


def choose(tokenizer: Path, words: Collection[str], texts: Iterable[str]) -> list[int]:
    """Ids of the pieces to keep, ascending. ``words``: common English words in lower case."""
    reader = Tokenizer.from_file(str(tokenizer))
    vocabulary = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    seen: Counter[int] = Counter()
    for encoded in reader.encode_batch(list(texts)):
        seen.update(encoded.ids)
    kept = set(range(_CONTROLS)) | {piece for piece, count in seen.items() if count >= _SEEN}
    plain = [word for word in words if re.fullmatch(r"[a-z]{2,}", word)]
    common = [form for word in plain for form in (word, word.capitalize())] + _chinese_words()
    for encoded in reader.encode_batch(common):
        kept.update(encoded.ids)
    kept.update(n for n, (piece, _) in enumerate(vocabulary) if _single(piece.replace("▁", "")))
    return sorted(kept)


def trimmed(tokenizer: Path, kept: Collection[int]) -> dict[str, Any]:
    """``tokenizer.json`` with the pieces ``kept`` alone, numbered anew in their order."""
    raw: dict[str, Any] = json.loads(tokenizer.read_text(encoding="utf-8"))
    number = {old: new for new, old in enumerate(sorted(kept))}
    model = raw["model"]
    model["vocab"] = [model["vocab"][old] for old in sorted(kept)]
    model["unk_id"] = number[model["unk_id"]]
    raw["added_tokens"] = [
        {**token, "id": number[token["id"]]}
        for token in raw["added_tokens"]
        if token["id"] in number
    ]
    for special in raw["post_processor"]["special_tokens"].values():
        special["ids"] = [number[old] for old in special["ids"]]
    return raw


def _single(piece: str) -> bool:
    return not piece or (
        len(piece) == 1 and any(low <= ord(piece) <= high for low, high in _RANGES)
    )


def _chinese_words() -> list[str]:
    """The common words of jieba's dictionary; the file alone, loading it takes a second."""
    found = importlib.util.find_spec("jieba")
    if found is None or found.origin is None:
        raise RetrievalError("jieba is not installed; its dictionary lists the Chinese words.")
    dictionary = Path(found.origin).with_name("dict.txt")
    rows = (line.split(" ") for line in dictionary.read_text(encoding="utf-8").splitlines())
    return [row[0] for row in rows if int(row[1]) >= _COMMON]
