"""English pieces into tokens: names, stems, marks, bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generation import lexicon_en as lexicon
from generation.claims import Token
from generation.pieces import Piece
from generation.quantities import Quantity, with_bound
from generation.stems import stem
from generation.token_reader import TokenReader

_CANON = {stem(w): stem(g.split()[0]) for g in lexicon.SYNONYMS for w in g.split()}
_LIGHT_STEMS = lexicon.LIGHT | {stem(w) for w in lexicon.LIGHT if len(w) > 3}
_BOUND_WORDS = {"over": "gt", "above": "gt", "beyond": "gt", "under": "lt", "below": "lt"}
_CLAUSE_MARKS = frozenset({"if", "unless", "after", "before", "until", "without", "otherwise"})
_BOUND_REACH = 3
_NUMBERED = frozenset({"wifi", "windows", "android", "ios", "usb", "version"})


def canonical(word: str) -> str:
    """Stem of a lower-case word, or the first word of its group of synonyms."""
    stemmed = stem(word)
    return _CANON.get(stemmed, stemmed)


@dataclass
class _Reader(TokenReader):
    bound_reach = _BOUND_REACH
    clause_marks = _CLAUSE_MARKS

    known: frozenset[str] = frozenset()

    def quantity(self, quantity: Quantity) -> None:
        if self.reach < 0:
            self.drop_bound()
        bound, self.bound = self.bound, ""
        self.add("qty", quantity.text, with_bound(quantity, bound))


def tokens(pieces: Sequence[Piece], known: frozenset[str]) -> list[Token]:
    """Tokens of a sentence; ``known`` holds names that count as such in lower case too."""
    reader = _Reader(known=known)
    index = 0
    while index < len(pieces):
        index += _step(reader, pieces, index)
    reader.drop_bound()
    return reader.out


def _step(reader: _Reader, pieces: Sequence[Piece], index: int) -> int:
    """Take one piece, or two where a name has two; return how many."""
    piece = pieces[index]
    if piece.kind == "break":
        reader.drop_bound()
        reader.new_clause()
    elif piece.kind == "lit":
        reader.add("lit", piece.text)
    elif piece.kind == "mark":
        reader.mark(piece.text)
    elif piece.quantity is not None:
        last = index + 1 == len(pieces) or pieces[index + 1].kind == "break"
        if last and piece.text.lower() == "first":
            # "Restart the router first": an order of steps, not the first of something.
            reader.add("light", "first")
        else:
            reader.quantity(piece.quantity)
    else:
        following = pieces[index + 1] if index + 1 < len(pieces) else None
        first = index == 0 or pieces[index - 1].kind == "break"
        return _word(reader, piece.text, following, first)
    return 1


def _word(reader: _Reader, text: str, following: Piece | None, first: bool) -> int:
    lower = text.lower().removesuffix("'s").strip("'-")
    order = first and lower in lexicon.IMPERATIVES
    name = None if order else _numbered_name(lower, text, following, reader.known)
    reader.reach -= 1
    if name:
        reader.add("entity", name)
        return 2
    if lower in _BOUND_WORDS and following is not None and following.kind == "qty":
        reader.bound, reader.reach = _BOUND_WORDS[lower], _BOUND_REACH
    elif lower in lexicon.MARKS:
        reader.mark(lexicon.MARKS[lower])
    elif lower in lexicon.YOU or lower in lexicon.WE:
        reader.add("pron", "you" if lower in lexicon.YOU else "we")
    elif _is_name(text, lower, first, reader.known):
        reader.add("entity", lower)
    elif lower in lexicon.LIGHT or stem(lower) in _LIGHT_STEMS:
        either = lower == "or" and following is not None and following.kind in ("qty", "lit")
        if either or (lower in lexicon.BREAKS and not _joins_alike(reader, lower, following)):
            reader.new_clause()
        reader.add("light", lower)
    elif lower:
        reader.add("term", canonical(lower))
    return 1


def _joins_alike(reader: _Reader, word: str, following: Piece | None) -> bool:
    """Whether an "and" stands between two names or two quantities, not between two clauses."""
    if word != "and" or not reader.out or following is None:
        return False
    if reader.out[-1].kind == "entity":
        return following.text == "the" or following.text[0].isupper()
    return reader.out[-1].kind == "qty" and following.kind == "qty"


def _numbered_name(
    lower: str, text: str, following: Piece | None, known: frozenset[str]
) -> str | None:
    """ "Fibre 500", "Surf XL": a name of two pieces."""
    if following is None or lower in lexicon.LIGHT or lower in lexicon.MARKS:
        return None
    name = f"{lower} {following.text.lower()}"
    if following.quantity is not None and following.quantity.kind == "count":
        plain = following.text.isdigit()
        if plain and (text[0].isupper() or name in known or lower in _NUMBERED):
            return name
    elif following.kind == "latin":
        letters = following.text.isupper() and len(following.text) <= 2 and following.text != "I"
        if text[0].isupper() and (letters or name in known):
            return name
        if name in known:
            return name
    return None


def _is_name(text: str, lower: str, first: bool, known: frozenset[str]) -> bool:
    if lower in known or any(c.isdigit() for c in text):
        return True
    if text.isupper() and len(text) > 1:
        return True
    if any(c.isupper() for c in text[1:]) and not text.isupper():
        return True
    return not first and text[0].isupper() and lower not in lexicon.LIGHT
