"""Tokenizers of encoders: text in, token ids out, cut at the model's length.

XLM-R's vocabulary of 250,000 pieces takes 280 MB in the ``tokenizers`` library and 65 MB in
SentencePiece. Where the converter left a SentencePiece file beside ``tokenizer.json``, the text is
normalised by the former and cut into pieces by the latter; the ids are the same, but for special
tokens spelled out in a text ("</s>"), which are text here and no command to the model.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

PIECES = "pieces.model"
FRAME = "pieces.json"
#: Of what was said before a message so many turns are read, and of each so many pieces.
_TURNS, _TURN_PIECES = 2, 24
#: Letters, digits and marks of the width of a Han character, as a Chinese keyboard types them; a
#: vocabulary of English pieces knows none of them.
_FULL_WIDTH = {ord("　"): " ", **{0xFEE0 + code: chr(code) for code in range(0x21, 0x7F)}}


class Tokens(Protocol):
    """Turns a text into the ids that the model is given, its frame (CLS, SEP) included."""

    def ids(self, text: str, before: Sequence[str] = ()) -> list[int]:
        """At most as many ids as the model takes; a longer text loses its middle. ``before``: the
        turns that it followed, oldest first, for a model that reads them."""

    def plain(self, text: str) -> list[int]:
        """The ids without the frame, however many."""


def open_tokens(folder: Path, max_tokens: int) -> Tokens:
    """The tokenizer of a converted encoder. Raises OSError, ValueError."""
    if (folder / PIECES).is_file():
        return _Pieces(folder, max_tokens)
    return _WordPieces(folder, max_tokens)


def shortened(ids: list[int], room: int) -> list[int]:
    """At most ``room`` ids, the middle left out: people ask at the beginning or at the end."""
    if len(ids) <= room:
        return ids
    half = room // 2
    return ids[: room - half] + ids[len(ids) - half :]


def in_context(
    ids: list[int], before: Sequence[list[int]], separator: list[int], room: int
) -> list[int]:
    """The ids of a message behind those of the latest turns ``before`` it, each of which ends with
    ``separator``; where there is no room for all, the older turns give way."""
    found = shortened(ids, room)
    for turn in reversed(before[-_TURNS:]):
        part = [*shortened(turn, _TURN_PIECES), *separator]
        if len(part) + len(found) > room:
            break
        found = part + found
    return found


class _Framed:
    """Ids between the frame's own, at most ``max_tokens`` with them."""

    def __init__(self, before: list[int], after: list[int], max_tokens: int) -> None:
        self._before = before
        self._after = after
        self._room = max_tokens - len(before) - len(after)

    def ids(self, text: str, before: Sequence[str] = ()) -> list[int]:
        turns = [self.plain(turn) for turn in before]
        found = in_context(self.plain(text), turns, self._after, self._room)
        return [*self._before, *found, *self._after]

    def plain(self, text: str) -> list[int]:
        raise NotImplementedError


class _WordPieces(_Framed):
    """``tokenizer.json`` as it is, given full-width letters as plain ones."""

    def __init__(self, folder: Path, max_tokens: int) -> None:
        from tokenizers import Tokenizer

        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        frame: list[int] = self._tokenizer.encode("").ids
        half = len(frame) // 2
        super().__init__(frame[:half], frame[half:], max_tokens)

    def plain(self, text: str) -> list[int]:
        narrow = text.translate(_FULL_WIDTH)
        found: list[int] = self._tokenizer.encode(narrow, add_special_tokens=False).ids
        return found


class _Pieces(_Framed):
    """The normaliser of ``tokenizer.json`` before SentencePiece's unigram model."""

    def __init__(self, folder: Path, max_tokens: int) -> None:
        from sentencepiece import SentencePieceProcessor
        from tokenizers import Tokenizer

        frame = json.loads((folder / FRAME).read_text(encoding="utf-8"))
        super().__init__(frame["before"], frame["after"], max_tokens)
        shell: Any = Tokenizer.from_str(json.dumps(frame["shell"]))
        self._normalise = shell.normalizer.normalize_str
        self._split = shell.pre_tokenizer.pre_tokenize_str
        self._model: Any = SentencePieceProcessor(model_file=str(folder / PIECES))

    def plain(self, text: str) -> list[int]:
        found: list[int] = []
        for part, _ in self._split(self._normalise(text)):
            found += self._model.encode(part)
        return found
