"""Which language a visitor writes in: English, Chinese, or both mixed.

The two languages differ in script, so counting is enough and a language-identification model
adds nothing here. A Han character counts as much as a Latin word: "我的 Fibre 500 怎么升级" is
Chinese with a product's name in it, "what does 漫游 mean" is English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.types import Lang

_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿\U00020000-\U0002FA1F]")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*")


def han_share(text: str) -> float:
    """Share of Han characters among Han characters and Latin words; 0.0 where there is neither."""
    han, latin = len(_HAN.findall(text)), len(_LATIN_WORD.findall(text))
    return han / (han + latin) if han + latin else 0.0


def has_han(text: str) -> bool:
    """Whether any Han character is in it."""
    return _HAN.search(text) is not None


def is_mixed(text: str) -> bool:
    """Whether both scripts carry a part of the message."""
    return 0.15 < han_share(text) < 0.85


def detect(text: str, history: Sequence[str] = (), default: Lang = "en") -> Lang:
    """Language of ``text``; where it has no letters, of the latest earlier turn that has."""
    for candidate in (text, *reversed(history)):
        if _HAN.search(candidate) or _LATIN_WORD.search(candidate):
            return "zh" if han_share(candidate) >= 0.5 else "en"
    return default
