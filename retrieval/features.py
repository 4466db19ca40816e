"""How well an entry fits a message, as numbers: what fusion and calibration look at."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue, Prepared
from retrieval.text import char_ngrams, content_words, terms
from retrieval.types import Lang, Vectors

Pair = Literal["en-en", "zh-zh", "cross"]

#: Features of an entry, in the order of its row. "en_" come from the English encoder, "multi_"
#: from the multilingual one: the best phrasing, the second best, how far the answer reaches above
#: the best phrasing (a placeholder of an answer does not), and how far the best phrasing lies
#: above what any question of this base has. Then BM25 as a share of the best possible,
#: weighted coverage of the message's words by the phrasings and with the answer, the overlap
#: with the best single phrasing, and the similarity of characters. At last what the best clause
#: of a longer message gains over the whole of it; 0 for a message of one clause.
FEATURES = (
    *("en_best", "en_second", "en_answer_gain", "en_above"),
    *("multi_best", "multi_second", "multi_answer_gain", "multi_above"),
    *("bm25", "cover_phrasings", "cover_all", "overlap", "chars"),
    *("en_clause_gain", "multi_clause_gain", "cover_clause_gain"),
)
#: Features of the message itself: they decide how likely it is that no entry answers.
QUERY_FEATURES = ("few_words", "many_words", "unknown_words", "no_words")

_DENSE_CANDIDATES = 24
_CLAUSE_CANDIDATES = 6
_LEXICAL_CANDIDATES = 12
_OVERLAP_FLOOR = 1e-9
#: An answer may lie this much below the best phrasing and still count.
_ANSWER_MARGIN = {"en": 0.15, "multi": 0.03}

Row = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Query:
    """A message prepared for comparison: its clauses (see :func:`retrieval.text.clauses`) and the
    vectors of the whole and of each clause, in rows; ``en`` where the message is English."""

    text: str
    lang: Lang
    clauses: tuple[str, ...]
    en: Vectors | None
    multi: Vectors


@dataclass(frozen=True, slots=True)
class Candidates:
    """The entries worth judging: one row of FEATURES each, and the message's own features."""

    ids: tuple[str, ...]
    pairs: tuple[Pair, ...]
    rows: Row
    query: Row


def candidates_for(query: Query, catalogue: Catalogue) -> Candidates:
    """Gather candidates from vectors and words, and compare each closely."""
    words = terms(query.text)
    ids: dict[str, None] = {}
    for index, vectors in ((catalogue.multi, query.multi), (catalogue.en, query.en)):
        for number, vector in enumerate(() if vectors is None else vectors):
            limit = _CLAUSE_CANDIDATES if number else _DENSE_CANDIDATES
            ids.update(dict.fromkeys(key for key, _ in index.search(vector, limit)))
    lexical = catalogue.lexical.scores(words)
    ids.update(dict.fromkeys(heapq.nlargest(_LEXICAL_CANDIDATES, lexical, key=lexical.__getitem__)))
    kept = [key for key in ids if key in catalogue.prepared]
    prepared = [catalogue.prepared[key] for key in kept]
    rows = np.zeros((len(kept), len(FEATURES)))
    rows[:, [0, 1, 2, 3, 13]] = _dense(query.en, kept, catalogue, "en")
    rows[:, [4, 5, 6, 7, 14]] = _dense(query.multi, kept, catalogue, "multi")
    possible = catalogue.lexical.best_possible(words) or 1.0
    rows[:, 8] = [lexical.get(key, 0.0) / possible for key in kept]
    rows[:, 9:13] = _words(query.text, prepared, catalogue)
    rows[:, 15] = _clause_cover(query.clauses, rows[:, 9], prepared, catalogue)
    return Candidates(
        ids=tuple(kept),
        pairs=tuple(pair_of(query.lang, p.entry.lang) for p in prepared),
        rows=rows,
        query=_query_features(query.text, catalogue),
    )


def pair_of(question: Lang, entry: Lang) -> Pair:
    """Which set of weights compares a message with an entry."""
    if question != entry:
        return "cross"
    return "en-en" if entry == "en" else "zh-zh"


def _dense(
    vectors: Vectors | None,
    keys: Sequence[str],
    catalogue: Catalogue,
    which: Literal["en", "multi"],
) -> Row:
    found = np.zeros((len(keys), 5))
    if vectors is None:
        return found
    index = catalogue.en if which == "en" else catalogue.multi
    usual = float(vectors[0] @ catalogue.centres()[which])
    block, bounds = index.gather(keys)
    scores = block @ vectors.T
    whole, widest = scores[:, 0].tolist(), scores.max(axis=1).tolist()
    for row, (start, stop) in enumerate(pairwise(bounds)):
        if start == stop:
            continue
        # An entry's last vector is its answer, those before it are its phrasings.
        phrasings = sorted(whole[start : stop - 1])
        best = phrasings[-1]
        second = phrasings[-2] if len(phrasings) > 1 else best
        answer = max(0.0, whole[stop - 1] - best + _ANSWER_MARGIN[which])
        clause = max(0.0, max(widest[start : stop - 1]) - best)
        found[row] = (best, second, answer, best - usual, clause)
    return found


def _clause_cover(
    clauses: Sequence[str], whole: Row, prepared: Sequence[Prepared], catalogue: Catalogue
) -> Row:
    """How much better the phrasings cover the best clause than they cover the whole message."""
    gain = np.zeros(len(prepared))
    for clause in clauses:
        mine = content_words(clause)
        idf = {word: catalogue.lexical.idf(word) for word in mine}
        total = sum(idf.values()) or 1.0
        covered = [sum(idf[w] for w in mine & item.phrasing_words) for item in prepared]
        gain = np.maximum(gain, np.array(covered) / total - whole)
    return gain


def _words(text: str, prepared: Sequence[Prepared], catalogue: Catalogue) -> Row:
    mine = content_words(text)
    idf = {word: catalogue.lexical.idf(word) for word in mine}
    total = sum(idf.values()) or 1.0
    grams = char_ngrams(text)
    length = float(np.sqrt(sum(n * n for n in grams.values())))
    found = np.zeros((len(prepared), 4))
    for row, item in enumerate(prepared):
        phrasing_words = item.phrasing_words
        in_phrasings = sum(idf[word] for word in mine & phrasing_words)
        in_all = sum(idf[word] for word in mine & (phrasing_words | item.answer_words))
        found[row] = (
            in_phrasings / total,
            in_all / total,
            max(_overlap(mine, other, idf, catalogue) for other in item.phrasings),
            max(_cosine(grams, length, *other) for other in item.grams),
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


def _query_features(text: str, catalogue: Catalogue) -> Row:
    words = content_words(text)
    weights = [catalogue.lexical.idf(word) for word in words]
    ceiling = catalogue.lexical.idf("")
    unknown = sum(weight for weight in weights if weight >= ceiling) / (sum(weights) or 1.0)
    return np.array([float(len(words) <= 1), float(len(words) >= 12), unknown, float(not words)])
