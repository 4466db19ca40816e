"""Messages that lean on earlier ones, and the query that is searched in their place.

"and for the earbuds?", "那个宽带的呢？", "how much does it cost", "no, I meant mobile": such a
message is completed from the visitor's latest turn that could stand alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.text import content_words, normalise

Lean = Literal["none", "weak", "pronoun", "ellipsis", "correction"]

_CORRECTION_EN = re.compile(
    r"^(?:no+|nope|nah|sorry|oh|wait|actually|i mean|not that)?[,. ]*"
    r"(?:i (?:meant|mean)|i was (?:asking|talking) about|not (?:the |that )?[\w ]{1,25}[,.] ?"
    r"(?:but |i mean(?:t)? |the )?|(?:the )?other one)\b"
)
_CORRECTION_ZH = re.compile(
    r"^(?:不是|不对|错了|哦不|我(?:是)?说的是|我(?:是)?问的是|我的意思是|我指的是)"
)
_ELLIPSIS_EN = re.compile(
    r"^(?:ok(?:ay)?[,. ]+|so[,. ]+|cool[,. ]+|thanks[,. ]+|hm+[,. ]+)*"
    r"(?:and|what about|how about|wbt|but|or|what if|same (?:for|with|thing)|also for|then)\b"
)
_ELLIPSIS_ZH = re.compile(r"^(?:那么?|还有|换成|如果是|要是|另外)(?!里|边|儿|样|时候|天)")
_TAIL_ZH = re.compile(r"呢[?？。!！~]*$")
_PRONOUN_EN = re.compile(
    r"\b(?:it|its|it's|that|this|these|those|they|them|one|there|that's|thats|instead|too)\b"
)
_PRONOUN_ZH = re.compile(r"它|这个|那个|这种|那种|这样|那样|这项|该|上面|刚才|前面")
_FILLER_EN = re.compile(
    r"^(?:(?:ok(?:ay)?|so|cool|thanks|hm+|and|but|or|then|no+|nope|nah|sorry|oh|wait|actually|not "
    r"that|what about|how about|wbt|same (?:for|with|thing)|also|i meant?|i was (?:asking|talking) "
    r"about)\b[,. ]*)+"
)
_FILLER_ZH = re.compile(
    r"^(?:[那这]个|那么?|还有|换成|如果是|要是|另外|不是|不对|错了|哦不|[,，。 ]|"
    r"我(?:是)?说的是|我(?:是)?问的是|我的意思是|我指的是)+"
)
_PREPOSITION = re.compile(r"(in|for|with|from|to|at|on|via|by)\b")
_QUESTION_EN = re.compile(
    r"(?:how|what|when|where|why|who|which|can|could|do|does|is|are|will|would|may|should)\b"
)
_QUESTION_WORDS = 2
_SHORT_WORDS = 2
_PRONOUN_WORDS = 3
_ELLIPSIS_WORDS = 6


@dataclass(frozen=True, slots=True)
class Completed:
    """What is searched: ``query``, and ``added``, the new words of a message that leans."""

    query: str
    lean: Lean
    added: str = ""


def lean_of(text: str) -> Lean:
    """How a message leans on earlier ones, judged by its own words alone.

    "weak": it may, being short or a question of its own after "and"; the ranking of the message
    alone has to decide.
    """
    folded = normalise(text)
    words = len(content_words(folded))
    if _CORRECTION_EN.match(folded) or _CORRECTION_ZH.match(folded):
        return "correction"
    if words <= _ELLIPSIS_WORDS and (_ELLIPSIS_EN.match(folded) or _ELLIPSIS_ZH.match(folded)):
        asks = _QUESTION_EN.match(_FILLER_EN.sub("", folded)) and words >= _QUESTION_WORDS
        return "weak" if asks and not _PRONOUN_EN.search(folded) else "ellipsis"
    if words <= _ELLIPSIS_WORDS and _TAIL_ZH.search(folded):
        return "ellipsis"
    if words <= _PRONOUN_WORDS and (_PRONOUN_EN.search(folded) or _PRONOUN_ZH.search(folded)):
        return "pronoun"
    return "weak" if words <= _SHORT_WORDS else "none"


def complete(text: str, history: Sequence[str]) -> Completed:
    """The message as it is, or completed from the turns before it (oldest first)."""
    lean = lean_of(text) if history else "none"
    if lean == "none":
        return Completed(text, "none")
    base = _last_standing(history)
    if not base:
        return Completed(text, "none")
    base = _without_mark(base)
    added = _FILLER_ZH.sub("", _FILLER_EN.sub("", normalise(text)))
    added = _TAIL_ZH.sub("", added).strip(" ?？!！。.,，").removesuffix("的")
    return Completed(f"{_replaced(base, added)} {added}".strip(), lean, added)


def _replaced(base: str, added: str) -> str:
    """``base`` without the phrase that ``added`` stands in for: "… in Spain" for "in France"."""
    match = _PREPOSITION.match(added)
    if not match:
        return base
    head, found, _ = base.rpartition(f" {match[1]} ")
    return head if found else base


def _last_standing(history: Sequence[str]) -> str:
    """The latest turn with a topic of its own, itself completed where it leans on one before."""
    for position in range(len(history) - 1, -1, -1):
        turn = history[position]
        if not content_words(turn):
            continue
        lean = lean_of(turn)
        if lean in {"none", "weak"} or position == 0:
            return turn
        earlier = _last_standing(history[:position])
        return f"{_without_mark(earlier)} {turn}" if earlier else turn
    return ""


def _without_mark(text: str) -> str:
    return text.rstrip(" ?？!！。.,，")
