"""What a small model writes around an answer, taken off before the gate judges it."""

from __future__ import annotations

import re

_LEAD = re.compile(
    r"^(?:(?:\d{1,2}[.)]|[-*•])\s+|(?:the |your )?answer(?: to (?:this|the|your) question)?"
    r"(?: is)?\s*:\s*|text\s*:\s*|\*\*"
    r"|(?:the |your )?(?:sentence|answer)(?: of the text)?(?: that answers the question)? is"
    r"(?:\s*:\s*|\s*(?=[\"“])))+",
    re.IGNORECASE,
)
_END = re.compile(
    r"^(?:question|customer|user|text|note|example|system|assistant)\s*:", re.IGNORECASE
)
_OPENER = re.compile(
    r"(?:yes|no|sure|certainly|of course|(?:which|the) sentence of the text answers the question)"
    r"[.!?]?",
    re.IGNORECASE,
)
_QUOTES = '"“”*'


def tidy(sentence: str) -> str:
    """The sentence without list numbers, "The answer is:", quotes and emphasis."""
    text = _LEAD.sub("", sentence.strip())
    return text.strip().strip(_QUOTES).strip()


def is_opener(sentence: str) -> bool:
    """Whether a sentence says no more than yes or no, or puts the task again."""
    return bool(_OPENER.fullmatch(sentence.strip()))


def quotation_ends(sentence: str) -> bool:
    """Whether the model closed its quotation here; what it writes after that is chatter."""
    return sentence.rstrip().endswith(('"', "”"))


def ends_reply(sentence: str) -> bool:
    """Whether the model has begun to write the next turn by itself."""
    return bool(_END.match(sentence.strip()))


def same(one: str, other: str) -> bool:
    """Whether two sentences are the same but for case, space and punctuation."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()
