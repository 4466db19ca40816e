"""The parts of a message that may hold a question each."""

from __future__ import annotations

import re

from retrieval.text import content_words
from retrieval.types import Lang

#: A message of more parts tells a story; its question is found by reading it whole.
_MOST = 4
_BEGINS = (
    r"(?:how|what|when|where|why|who|which|can|could|do|does|is|are|will|would|may|should|"
    r"i want|i need|i'd like|also)\b"
)
_EN = re.compile(
    rf"(?<=[?!.;\n])\s+|\n+|,?\s+(?:and|also|plus|oh and|btw|by the way)[, ]+(?={_BEGINS})|"
    rf",\s+(?={_BEGINS})",
    re.IGNORECASE,
)
_ZH = re.compile(r"(?<=[？?！!。；;])\s*|\n+|[，,、 ]+(?=还有|另外|顺便|以及|再)|[，,]\s*")


def parts_of(text: str, lang: Lang) -> list[str]:
    """Sentences, and clauses that begin a question of their own; none where the message is one
    or holds too many. What says nothing by itself ("hi", "two questions:") is left out."""
    split = _ZH if lang == "zh" else _EN
    parts = [part.strip() for part in split.split(text) if part]
    parts = [part for part in parts if content_words(part)]
    return parts if 2 <= len(parts) <= _MOST else []
