"""Reading a sentence into a :class:`~generation.claims.Claim`; the parts both languages share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from generation import lexicon_en, lexicon_zh, reading_en, reading_zh
from generation.claims import Claim
from generation.literals import find_literals
from generation.pieces import Piece, hide, lex

# Zero-width and direction marks, soft hyphens, control characters, and the private characters
# and brackets that the reader itself uses as marks.
_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\ue000-\uf8ff\u2039\u203a"
    "\x00-\x08\x0b-\x1f\x7f]"
)


def normalise(text: str) -> str:
    """Compatibility forms and invisible characters away: what is compared is what is seen."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip()


@lru_cache(maxsize=4)
def _phrases(lang: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    table = lexicon_zh.PHRASES if lang == "zh" else lexicon_en.PHRASES
    return tuple((re.compile(pattern, re.IGNORECASE), mark) for pattern, mark in table)


def pieces(text: str, lang: str) -> list[Piece]:
    """Literals, quantities, marks and words of a sentence, in order."""
    text = normalise(text)
    literals = find_literals(text)
    text = hide(text, literals)
    for pattern, mark in _phrases(lang):
        text = pattern.sub(mark, text)
    return lex(text, literals)


def read(text: str, lang: str, known: Collection[str] = ()) -> Claim:
    """What a sentence claims. ``known`` names things that also count as names in lower case."""
    parts = pieces(text, lang)
    tokens = (
        reading_zh.tokens(parts) if lang == "zh" else reading_en.tokens(parts, frozenset(known))
    )
    return Claim(text, lang, tuple(tokens), _haystack(parts))


def _haystack(parts: list[Piece]) -> str:
    """The words as one string, for words that were cut differently; a mark parts them."""
    texts = (p.text.removeprefix("w:") if _is_word(p) else "|" for p in parts)
    return "".join(texts).lower()


def _is_word(piece: Piece) -> bool:
    return piece.kind in ("wide", "latin", "qty") or piece.text.startswith("w:")
