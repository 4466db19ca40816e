"""How well an entry fits a message, as numbers: what fusion and calibration look at."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue, Prepared, Space
from retrieval.text import char_ngrams, content_words, terms
from retrieval.tokens import interact
from retrieval.types import Lang, Reading, Vectors

#: Which weights compare a message with an entry: by their languages, or those of entries with many
#: phrasings (:mod:`retrieval.worded`).
Pair = Literal["en-en", "zh-zh", "cross", "worded"]

#: Features of an entry, in the order of its row. From the vectors of the encoder that the two
#: languages share: the best phrasing, the second best, question and answer in one, and how far
#: the best phrasing lies above what any question of this base has. From the vectors of tokens (see
#: :func:`retrieval.tokens.interact`): how well the message's are met by the entry's, the entry's
#: question's by the message's, and, as a negative number, how ill the message's worst are. Then
#: BM25 as a share of the best possible, weighted coverage of the message's words by the phrasings
#: and with the answer, the overlap with the best single phrasing, and the similarity of characters;
#: last, what the classifier of entries with many phrasings says.
FEATURES = (
    *("best", "second", "whole", "above", "met", "asked", "unmet"),
    *("bm25", "cover_phrasings", "cover_all", "overlap", "chars", "lift"),
)
#: Features of the message itself: they decide how likely it is that no entry answers.
QUERY_FEATURES = (
    *("few_words", "many_words", "unknown_words", "no_words", "unanswerable", "worded"),
)

_DENSE_CANDIDATES = 16
_LEXICAL_CANDIDATES = 8
_OVERLAP_FLOOR = 1e-9
_DENSE, _TOKENS, _WORDS = 4, 7, 12
_LEARNT_CANDIDATES = 8
#: Of an entry with more phrasings, words and characters are compared with the nearest alone.
_COMPARED = 12

Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Query:
    """A message prepared for comparison: what each encoder that is needed makes of it.

    ``spaces``: the English encoder's for English text, the multilingual one's for anything else,
    and for English too where an answer exists in the other language alone.
    """

    text: str
    lang: Lang
    spaces: Mapping[Space, Reading]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The entries worth judging: one row of FEATURES each, and the message's own features."""

    ids: tuple[str, ...]
    pairs: tuple[Pair, ...]
    rows: Row
    query: Row


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the catalogue gives for a message before anything is compared closely: the
    ids of entries near to it, and what classifiers say."""

    ids: tuple[str, ...]
    lifts: Mapping[str, float]


def candidates_for(query: Query, catalogue: Catalogue) -> Candidates:
    """Gather candidates from vectors and words, and compare each closely."""
    found = found_by(query, catalogue)
    return compared(found.ids, query, found, catalogue)


def found_by(query: Query, catalogue: Catalogue) -> Found:
    """Look for entries that are near to the message by vectors, by words or by their phrasings."""
    ids: dict[str, None] = {}
    for space, reading in query.spaces.items():
        nearest = catalogue.vectors[space].search(reading.vector, _DENSE_CANDIDATES)
        ids.update(dict.fromkeys(key for key, _ in nearest))
    worded = catalogue.lexical.search(terms(query.text), _LEXICAL_CANDIDATES)
    ids.update(dict.fromkeys(key for key, _ in worded))
    lifts = _lifts(query, catalogue)
    ids.update(dict.fromkeys(heapq.nlargest(_LEARNT_CANDIDATES, lifts, key=lifts.__getitem__)))
    return Found(tuple(ids), lifts)


def compared(ids: Iterable[str], query: Query, found: Found, catalogue: Catalogue) -> Candidates:
    """Compare a message closely with each of the entries that it can be compared with;
    ``found`` is what was found for the same message."""
    lifts = found.lifts
    kept, spaces = _comparable(ids, query, catalogue)
    prepared = [catalogue.prepared[key] for key in kept]
    rows = np.zeros((len(kept), len(FEATURES)))
    nearest: dict[str, list[int]] = {}
    for space, reading in query.spaces.items():
        mine = [number for number, own in enumerate(spaces) if own == space]
        keys = [kept[number] for number in mine]
        rows[mine, :_DENSE] = _dense(reading.vector, keys, catalogue, space, nearest)
        met = interact(reading, [catalogue.tokens[space][key] for key in keys])
        rows[mine, _DENSE:_TOKENS] = met * (1, 1, -1)
    words = terms(query.text)
    possible = catalogue.lexical.best_possible(words) or 1.0
    rows[:, _TOKENS] = np.divide(catalogue.lexical.score(words, kept), possible)
    rows[:, _TOKENS + 1 : _WORDS] = _words(query.text, prepared, catalogue, nearest)
    rows[:, _WORDS] = [lifts.get(key, 0.0) for key in kept]
    return Candidates(
        ids=tuple(kept),
        pairs=tuple(
            "worded" if key in lifts else pair_of(query.lang, item.entry.lang, space)
            for key, item, space in zip(kept, prepared, spaces, strict=True)
        ),
        rows=rows,
        query=_query_features(query, catalogue, worded=any(key in lifts for key in kept)),
    )


def _lifts(query: Query, catalogue: Catalogue) -> dict[str, float]:
    """What the classifiers of entries with many phrasings say of the message."""
    found: dict[str, float] = {}
    for space, reading in query.spaces.items():
        worded = catalogue.worded.get(space)
        if worded is not None:
            found |= worded.lifts(reading.vector)
    return {key: lift for key, lift in found.items() if key in catalogue.prepared}


def pair_of(question: Lang, entry: Lang, space: Space) -> Pair:
    """Which set of weights compares a message with an entry."""
    if question != entry:
        return "cross"
    if question == "en":
        # English with Han characters in it is read by the multilingual encoder.
        return "en-en" if space == "en" else "cross"
    return "zh-zh"


def _comparable(
    ids: Iterable[str], query: Query, catalogue: Catalogue
) -> tuple[list[str], list[Space]]:
    """Candidates that some vector of the message can be compared with, and in which space."""
    kept: list[str] = []
    spaces: list[Space] = []
    for key in ids:
        if key not in catalogue.prepared:
            continue
        english = "en" in query.spaces and catalogue.prepared[key].entry.lang == "en"
        space: Space = "en" if english else "multi"
        if space in query.spaces:
            kept.append(key)
            spaces.append(space)
    return kept, spaces


def _dense(
    vector: Vectors,
    keys: Sequence[str],
    catalogue: Catalogue,
    space: Space,
    nearest: dict[str, list[int]],
) -> Row:
    """The features of vectors; ``nearest`` is told the nearest phrasings of entries with many."""
    found = np.zeros((len(keys), _DENSE))
    usual = float(vector @ catalogue.centre(space))
    block, bounds = catalogue.vectors[space].gather(keys)
    scores = (block @ vector).tolist()
    for row, (start, stop) in enumerate(pairwise(bounds)):
        if start == stop:
            continue
        # An entry's last vector is that of question and answer, those before are its phrasings.
        phrasings = scores[start : stop - 1]
        if len(phrasings) > _COMPARED:
            order = heapq.nlargest(_COMPARED, range(len(phrasings)), key=phrasings.__getitem__)
            nearest[keys[row]] = order
        phrasings = sorted(phrasings)
        best = phrasings[-1]
        second = phrasings[-2] if len(phrasings) > 1 else best
        found[row] = (best, second, scores[stop - 1], best - usual)
    return found


def _words(
    text: str,
    prepared: Sequence[Prepared],
    catalogue: Catalogue,
    nearest: Mapping[str, Sequence[int]],
) -> Row:
    mine = content_words(text)
    idf = {word: catalogue.lexical.idf(word) for word in mine}
    total = sum(idf.values()) or 1.0
    grams = char_ngrams(text)
    length = float(np.sqrt(sum(n * n for n in grams.values())))
    found = np.zeros((len(prepared), _WORDS - _TOKENS - 1))
    for row, item in enumerate(prepared):
        wording = catalogue.wording(item.entry)
        phrasing_words = wording.phrasing_words
        in_phrasings = sum(idf[word] for word in mine & phrasing_words)
        in_all = sum(idf[word] for word in mine & (phrasing_words | wording.answer_words))
        some = nearest.get(item.entry.id, range(len(wording.phrasings)))
        found[row] = (
            in_phrasings / total,
            in_all / total,
            max(_overlap(mine, wording.phrasings[n], idf, catalogue) for n in some),
            max(_cosine(grams, length, *wording.grams[n]) for n in some),
        )
    return found


def _overlap(
    mine: set[str], other: frozenset[str], idf: Mapping[str, float], catalogue: Catalogue
) -> float:
    """Weighted Dice coefficient of two sets of words."""
    shared = sum(idf[word] for word in mine & other)
    if not shared:
        return 0.0
    whole = sum(idf.values()) + sum(catalogue.lexical.idf(word) for word in other)
    return 2 * shared / max(whole, _OVERLAP_FLOOR)


def _cosine(mine: Counter[str], length: float, other: Counter[str], other_length: float) -> float:
    if not length or not other_length:
        return 0.0
    shared = sum(mine[gram] * other[gram] for gram in mine.keys() & other.keys())
    return shared / (length * other_length)


def _query_features(query: Query, catalogue: Catalogue, *, worded: bool) -> Row:
    words = content_words(query.text)
    weights = [catalogue.lexical.idf(word) for word in words]
    ceiling = catalogue.lexical.idf("")
    unknown = sum(weight for weight in weights if weight >= ceiling) / (sum(weights) or 1.0)
    own = query.spaces.get("en") or query.spaces["multi"]
    few, many = float(len(words) <= 1), float(len(words) >= 12)
    return np.array([few, many, unknown, float(not words), own.none, float(worded)])
