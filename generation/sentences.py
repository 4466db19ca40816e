"""Whole sentences out of a stream of text, in English and Chinese.

A full stop ends a sentence only when what follows says so, so that "€29.99/month", "9:00 a.m. to
5 p.m.", "e.g. a router", "tidewire.example/speed" and "1. Restart" stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from generation.wordlists import words

_WIDE = "。！？"
_CLOSERS = "\"'”’」』）)]"
_ABBREVIATIONS = words(
    """
    e.g i.e a.m p.m mr mrs ms dr prof st vs etc inc ltd co corp dept
    jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k
    """
)
_BEFORE_LOWER_ONLY = frozenset({"a.m", "p.m", "etc", "inc", "ltd", "co", "corp", "u.s", "u.k"})
"""Abbreviations that may also end a sentence: before a capital they do."""
_BEFORE_NUMBER = frozenset({"no", "nr", "fig", "vol", "tel", "max", "min", "approx"})
"""Words that are abbreviations before a number and words otherwise."""
_LAST_WORD = re.compile(r"(\S+)$")
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*\(?\d{1,2}$")


class SentenceSplitter:
    """Takes text in pieces of any size and gives back sentences as soon as they are complete.

    >>> splitter = SentenceSplitter()
    >>> splitter.feed("It opens at 9 a.m. on Monday. Bring an")
    ['It opens at 9 a.m. on Monday.']
    >>> splitter.flush()
    ['Bring an']
    """

    def __init__(self) -> None:
        self._buffer = ""

    @property
    def pending(self) -> str:
        """Text of the sentence that is not complete yet."""
        return self._buffer

    def feed(self, piece: str) -> list[str]:
        """Add a piece; return the sentences that it completed."""
        self._buffer += piece
        done = []
        while (end := _boundary(self._buffer)) is not None:
            sentence, self._buffer = self._buffer[:end].strip(), self._buffer[end:]
            if sentence:
                done.append(sentence)
        return done

    def flush(self) -> list[str]:
        """The rest at the end of the stream: at most one sentence, maybe unfinished."""
        rest, self._buffer = self._buffer.strip(), ""
        return [rest] if rest else []


def split(text: str) -> list[str]:
    """All sentences of a whole text."""
    splitter = SentenceSplitter()
    return [*splitter.feed(text), *splitter.flush()]


def join(sentences: Iterable[str], lang: str) -> str:
    """One text of sentences: a space between them in English, none in Chinese."""
    return ("" if lang == "zh" else " ").join(sentences)


def is_complete(sentence: str) -> bool:
    """Whether the sentence ends as sentences end; a cut-off one does not."""
    return sentence.rstrip().rstrip(_CLOSERS)[-1:] in {*_WIDE, ".", "!", "?", "…", ":"}


def _boundary(text: str) -> int | None:
    """Where the first sentence ends, or None while that cannot be said yet."""
    for index, char in enumerate(text):
        if char == "\n":
            return index + 1
        if char not in _WIDE and char not in ".!?…":
            continue
        end = index + 1
        while end < len(text) and text[end] in _CLOSERS + _WIDE + ".!?…":
            end += 1
        if end == len(text):
            # A closing quote may still come, but holding back a finished sentence costs more.
            return end if char in _WIDE else None
        if char in _WIDE or _ends(text, index, end):
            return end
    return None


def _ends(text: str, index: int, end: int) -> bool:
    if not text[end].isspace():
        # "你好.再见": a narrow stop between wide characters still ends a sentence.
        return index > 0 and ord(text[index - 1]) > 0x2E80 and ord(text[end]) > 0x2E80
    rest = text[end:].lstrip(" \t")
    if not rest:
        return False
    if text[index] != ".":
        return True
    before = text[:index]
    word = _LAST_WORD.search(before)
    last = word.group(1).lower().lstrip("(\"'") if word else ""
    if last in _BEFORE_NUMBER:
        return not rest[0].isdigit()
    if last in _ABBREVIATIONS:
        return last in _BEFORE_LOWER_ONLY and (rest[0].isupper() or rest[0] == "\n")
    if len(last) == 1 and last.isalpha() and before[-1:].isupper() and before[-2:-1] in ("", " "):
        # An initial ("J. Smith"), unless it is a plan's letter at the end of a sentence.
        return bool(re.search(r"[a-z] [A-Z]$", before)) or rest[0] == "\n"
    return not _LIST_NUMBER.search(before)
