"""Chinese pieces into tokens: words by jieba, names with numbers, marks, bounds."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from generation import lexicon_zh as lexicon
from generation.claims import Token
from generation.pieces import Piece
from generation.quantities import Quantity, with_bound
from generation.token_reader import TokenReader

_CANON = {w: g.split()[0] for g in lexicon.SYNONYMS for w in g.split()}
_AFTER = (("以内", "max"), ("之内", "max"), ("内", "max"), ("以上", "min"), ("起", "min"),
          ("以下", "max"), ("左右", "approx"))  # fmt: skip
_AFTER_MARKS = (("之后", "after"), ("后", "after"), ("之前", "before"), ("前", "before"))
_CLAUSE_MARKS = frozenset({"if", "unless", "otherwise"})
_BOUND_REACH = 4


@lru_cache(maxsize=1)
def _cutter() -> Any:
    with warnings.catch_warnings():
        # jieba still asks for pkg_resources on import, which warns about itself.
        warnings.simplefilter("ignore")
        import jieba

    jieba.setLogLevel(logging.WARNING)
    cutter = jieba.Tokenizer()
    cutter.initialize()
    return cutter


def canonical(word: str) -> str:
    """The first word of the word's group of synonyms, or the word."""
    return _CANON.get(word, word)


@dataclass
class _Reader(TokenReader):
    bound_reach = _BOUND_REACH
    clause_marks = _CLAUSE_MARKS

    def mark(self, value: str) -> None:
        if value.startswith("w:"):
            self.add("term", value[2:])
        elif value in ("free", "unlimited", "certain"):
            self.add("term", value)
        else:
            super().mark(value)

    def quantity(self, quantity: Quantity) -> None:
        if quantity.kind == "count" and quantity.text.startswith("一"):
            # "一台", "一个": an article rather than a number.
            self.add("light", quantity.text)
            return
        previous = self.out[-1] if self.out else None
        named = previous is not None and previous.kind in ("term", "entity") and not self.bound
        if previous and named and quantity.kind == "count" and quantity.text.isdigit():
            self.out[-1] = Token("entity", previous.value + quantity.text, previous.clause)
            return
        if self.reach < 0:
            self.drop_bound()
        bound, self.bound = self.bound, ""
        if quantity.text.endswith("日内"):
            bound = "max"
        self.add("qty", quantity.text, with_bound(quantity, bound))

    def bound_after(self, text: str) -> str:
        """Take a bound that follows its quantity ("7天内"); return the rest of the text."""
        if self.out and self.out[-1].quantity is not None:
            for word, mark in _AFTER_MARKS:
                if text.startswith(word):
                    self.add("mark", mark)
                    return text[len(word) :]
            for word, bound in _AFTER:
                if text.startswith(word):
                    last = self.out[-1]
                    assert last.quantity is not None
                    self.out[-1] = replace(last, quantity=with_bound(last.quantity, bound))
                    return text[len(word) :]
        return text

    def words(self, text: str) -> None:
        text = self.bound_after(text)
        for word in lexicon.BREAK_WORDS:
            if text.startswith(word):
                self.new_clause()
        for word in _cutter().cut(text):
            self.reach -= 1
            if word in lexicon.YOU or word in lexicon.WE:
                self.add("pron", "you" if word in lexicon.YOU else "we")
            elif word in lexicon.LIGHT:
                self.add("light", word)
            else:
                self.add("term", canonical(word))


def tokens(pieces: Sequence[Piece]) -> list[Token]:
    """Tokens of a sentence."""
    reader = _Reader()
    for piece in pieces:
        if piece.kind == "break":
            reader.drop_bound()
            if piece.text != "、":
                reader.new_clause()
        elif piece.kind == "lit":
            reader.add("lit", piece.text)
        elif piece.kind == "mark":
            reader.mark(piece.text)
        elif piece.quantity is not None:
            reader.quantity(piece.quantity)
        elif piece.kind == "latin":
            reader.add("entity", piece.text.lower())
        else:
            reader.words(piece.text)
    reader.drop_bound()
    return reader.out
