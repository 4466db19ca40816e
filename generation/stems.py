"""A light stemmer for English: it joins the forms of a word, and nothing else.

Heavier stemmers (Porter) join "universe" with "university"; a gate wants to err the other way.
"""

from __future__ import annotations

from functools import lru_cache

_IRREGULAR = {
    "paid": "pay", "sent": "send", "kept": "keep", "got": "get", "gotten": "get",
    "given": "give", "gave": "give", "came": "come", "went": "go", "gone": "go",
    "done": "do", "made": "make", "taken": "take", "took": "take", "chose": "choose",
    "chosen": "choose", "bought": "buy", "told": "tell", "found": "find", "held": "hold",
    "lost": "lose", "left": "leave", "met": "meet", "seen": "see", "saw": "see",
    "shown": "show", "written": "write", "wrote": "write", "goes": "go",
    "children": "child", "people": "person", "lives": "life", "dropped": "drop",
    "cancellation": "cancel", "cancellations": "cancel", "activation": "activate",
    "connection": "connect", "connections": "connect", "installation": "install",
    "delivery": "deliver", "deliveries": "deliver", "payment": "pay", "payments": "pay",
    "transferred": "transfer", "receipt": "receipt", "bus": "bus", "address": "address",
    "addresses": "address", "business": "business", "access": "access", "plus": "plus",
    "status": "status", "wireless": "wireless", "unless": "unless", "always": "always",
    "during": "during", "nothing": "nothing", "anything": "anything", "thing": "thing",
    "bring": "bring", "ring": "ring", "string": "string", "speed": "speed", "need": "need",
    "feed": "feed", "red": "red", "bed": "bed", "being": "be", "roaming": "roam",
    "daily": "day", "early": "early", "only": "only", "apply": "apply", "family": "family",
    "reply": "reply", "supply": "supply", "lying": "lie", "died": "die", "data": "data",
}  # fmt: skip
_MIN = 3


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """The joined form of a lower-case word: ``stem("cancelled") == stem("cancels")``."""
    if word in _IRREGULAR:
        return _strip_e(_IRREGULAR[word])
    if not word.isalpha() or len(word) <= _MIN:
        return word
    return _strip_e(_undouble(_strip_suffix(word)))


def _strip_suffix(word: str) -> str:
    if word.endswith(("ies", "ied")) and len(word) > _MIN + 1:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    for suffix in ("ings", "ing", "ed"):
        if word.endswith(suffix) and len(word) - len(suffix) >= _MIN and _has_vowel(word, suffix):
            return word[: -len(suffix)]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _has_vowel(word: str, suffix: str) -> bool:
    return any(char in "aeiouy" for char in word[: -len(suffix)])


def _undouble(word: str) -> str:
    if len(word) > _MIN and word[-1] == word[-2] and word[-1] not in "aeiouls":
        return word[:-1]
    if len(word) > _MIN + 1 and word.endswith("ll"):
        return word[:-1]
    return word


def _strip_e(word: str) -> str:
    return word[:-1] if word.endswith("e") and len(word) > _MIN else word
