"""What a small model writes around an answer, taken off before the gate judges it."""

from __future__ import annotations

import re

_LEAD = re.compile(
    r"^(?:(?:\d{1,2}[.)]|[-*•])\s+|(?:the )?answer(?: to (?:this|the|your) question)?"
    r"(?: is)?\s*:\s*|text\s*:\s*|\*\*)+",
    re.IGNORECASE,
)
_END = re.compile(
    r"^(?:question|customer|user|text|note|example|system|assistant)\s*:", re.IGNORECASE
)
_QUOTES = '"“”*'


def tidy(sentence: str) -> str:
    """The sentence without list numbers, "The answer is:", quotes and emphasis."""
    text = _LEAD.sub("", sentence.strip())
    return text.strip().strip(_QUOTES).strip()


def ends_reply(sentence: str) -> bool:
    """Whether the model has begun to write the next turn by itself."""
    return bool(_END.match(sentence.strip()))


def same(one: str, other: str) -> bool:
    """Whether two sentences are the same but for case, space and punctuation."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()
