"""Prompts for SmolLM2's chat format, built by hand. Whatever comes from outside is data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generation.types import GenerationRequest, Source

_CONTROL = re.compile(r"<\|(?=[^>]*\|>)")
_MAX_SOURCE_CHARS = 1200
_MAX_QUESTION_CHARS = 600
_GROUNDED = (
    "You answer customer questions. Copy the sentences of the text that answer the question. "
    "Do not add anything."
)
_TASK = "Which sentence of the text answers the question? Write only that sentence."
# A reply that is begun with a quotation mark is mostly a quotation: of the ways tried, the one
# in which so small a model stays with the text most often.
_QUOTE = '"'
_SOCIAL = "You are a friendly help-desk chatbot. Reply in one short, polite sentence."


def as_data(text: str, limit: int) -> str:
    """Text from outside, shortened, with nothing left that the tokenizer reads as control."""
    return _CONTROL.sub("< |", " ".join(text.split()))[:limit]


def chatml(request: GenerationRequest) -> str:
    """The whole prompt, up to where the reply goes on from ``request.prefix``."""
    question = as_data(request.text, _MAX_QUESTION_CHARS)
    if request.sources:
        text = _text(request.sources)
        system, user = _GROUNDED, f"Question: {question}\n\nText:\n{text}\n\n{_TASK}"
    else:
        system, user = _SOCIAL, question
    begun = as_data(request.prefix, _MAX_SOURCE_CHARS)
    return (
        f"<|im_start|>system\n{system}<|im_end|>\n"
        f"<|im_start|>user\n{user}<|im_end|>\n"
        f"<|im_start|>assistant\n{_QUOTE if request.sources else ''}{begun}"
        + (" " if begun.endswith((".", "!", "?")) else "")
    )


def _text(sources: Sequence[Source]) -> str:
    return "\n".join(as_data(s.answer, _MAX_SOURCE_CHARS) for s in sources)
