"""What is taken out of a visitor's text before anybody reads it.

Control characters, direction overrides and invisible characters can make a text show something
else than it says (Unicode Technical Report 36, "Unicode Security Considerations"). HTML stays:
it is a text like any other, and is shown as text.
"""

from __future__ import annotations

import re
import unicodedata

from web.errors import EmptyMessage, MessageTooLong, TextNotAllowed

_NEWLINES = re.compile("\r\n?|\u0085|\u2028|\u2029")
#: Direction marks, embeddings, overrides and isolates; zero-width and other invisible characters;
#: interlinear annotation; variation selectors beyond emoji's; tag characters.
_INVISIBLE = re.compile(
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u2060-\u2065\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff\U0001d173-\U0001d17a]"
)
_JOINER = "\u200d"
_EMOJI_SELECTOR = "\ufe0f"
_SURROGATES = re.compile("[\ud800-\udfff]")
_MARKS = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
#: More marks than this on one letter are there to overflow the line ("Zalgo" text).
_MANY_MARKS = re.compile(f"({_MARKS}{{4}}){_MARKS}+")


def clean_text(text: str, max_chars: int) -> str:
    """``text`` as it may be stored and shown.

    Raises TextNotAllowed for NUL, EmptyMessage where nothing visible is left, MessageTooLong
    where more than ``max_chars`` code points are left.
    """
    if len(text) > 4 * max_chars:
        raise _too_long(len(text), max_chars)
    text = clean_note(text)
    if not any(_visible(c) for c in text):
        raise EmptyMessage
    if len(text) > max_chars:
        raise _too_long(len(text), max_chars)
    return text


def clean_note(text: str) -> str:
    """``text`` without what cannot be shown; may be empty. Raises TextNotAllowed for NUL."""
    if "\x00" in text:
        raise TextNotAllowed
    text = _SURROGATES.sub("\ufffd", text)
    text = unicodedata.normalize("NFC", _NEWLINES.sub("\n", text))
    text = _MANY_MARKS.sub(r"\1", _INVISIBLE.sub("", text))
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
    return _loose_joiners(text).strip()


def has_words(text: str) -> bool:
    """Whether ``text`` holds a letter or a digit; emoji and punctuation alone say nothing."""
    return any(unicodedata.category(c)[0] in "LN" for c in text)


def _loose_joiners(text: str) -> str:
    """Drop zero-width joiners that do not hold an emoji together."""
    if _JOINER not in text:
        return text
    kept = []
    for position, c in enumerate(text):
        if c == _JOINER:
            before = text[position - 1 : position]
            after = text[position + 1 : position + 2]
            if not (_in_emoji(before) and _in_emoji(after)):
                continue
        kept.append(c)
    return "".join(kept)


def _in_emoji(c: str) -> bool:
    return bool(c) and (unicodedata.category(c) in ("So", "Sk") or c == _EMOJI_SELECTOR)


def _visible(c: str) -> bool:
    return unicodedata.category(c)[0] not in "CZM"


def _too_long(length: int, max_chars: int) -> MessageTooLong:
    return MessageTooLong(
        f"The message has {length} characters; at most {max_chars} are taken.",
        max_chars=max_chars,
    )
