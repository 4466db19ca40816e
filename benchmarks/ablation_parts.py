"""The parts that the ablation takes out, each as a change to what is fitted and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.fit_calibration import Asked
from benchmarks.turn_model import TurnCase
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates
from retrieval.turns import BESIDE

_ALL_WORDS = "all that looks at words and characters"
#: Features of entries and of messages that make up a part.
_FEATURES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "vectors of whole texts": (("best", "second", "whole", "above"), ()),
    "… the second nearest phrasing": (("second",), ()),
    "… question and answer in one": (("whole",), ()),
    "… the distance above any question's": (("above",), ()),
    "late interaction": (("met", "asked", "unmet"), ()),
    "… how well the message is met": (("met",), ()),
    "… how well the entry's question is met": (("asked",), ()),
    "… how ill the worst tokens are met": (("unmet",), ()),
    _ALL_WORDS: (
        ("bm25", "cover_phrasings", "cover_all", "overlap", "chars"),
        (),
    ),
    "… BM25": (("bm25",), ()),
    "… coverage and overlap of words": (("cover_phrasings", "cover_all", "overlap"), ()),
    "… similarity of characters": (("chars",), ()),
    'the reader\'s "nothing answers"': ((), ("unanswerable",)),
    "unknown, few and many words": ((), ("few_words", "many_words", "unknown_words", "no_words")),
    'all that "nothing answers" looks at': (
        (),
        ("few_words", "many_words", "unknown_words", "no_words", "unanswerable"),
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """``change`` gives the questions without the part; ``rescale``: whether they are rescaled,
    ``network``: whether networks correct the logit."""

    name: str
    change: Callable[[Sequence[Asked]], list[Asked]]
    rescale: bool = True
    network: bool = False


def parts() -> Iterator[Part]:
    """The logit with all its parts and without each that single questions of small entries show;
    fitting networks for every row would take hours, so they are added to the first alone."""
    yield Part("nothing taken out", list)
    yield Part("nothing, and corrected by the networks", list, network=True)
    for name in _FEATURES:
        yield _without(name)
    yield Part("rescaling on whole bases", list, rescale=False)


def worded_parts() -> Iterator[Part]:
    """All as it is, then each part that entries with many phrasings show."""
    yield Part("nothing taken out", list)
    yield Part("the classifier of entries with many phrasings", partial(changed, unlearnt))
    for name in ("vectors of whole texts", "late interaction", _ALL_WORDS):
        yield _without(name)


def _without(name: str) -> Part:
    return Part(name, partial(changed, partial(without, *_FEATURES[name])))


def changed(change: Callable[[Candidates], Candidates], asked: Sequence[Asked]) -> list[Asked]:
    """The questions with their candidates changed."""
    return [replace(one, case=replace(one.case, found=change(one.case.found))) for one in asked]


def without(features: Sequence[str], of_message: Sequence[str], found: Candidates) -> Candidates:
    """Candidates with features that never vary; fitting then gives them no say."""
    rows, query = found.rows.copy(), found.query.copy()
    rows[:, [FEATURES.index(name) for name in features]] = 0.0
    query[[QUERY_FEATURES.index(name) for name in of_message]] = 0.0
    return replace(found, rows=rows, query=query)


def unlearnt(found: Candidates) -> Candidates:
    """Entries with many phrasings compared as those with few are; all such sets are English."""
    plain = without(("lift",), ("worded",), found)
    return replace(
        plain, pairs=tuple("en-en" if pair == "worded" else pair for pair in found.pairs)
    )


def alone(turns: Sequence[TurnCase]) -> list[TurnCase]:
    """Turns that are read by themselves, whatever was said before."""
    read = [replace(one, turn=replace(one.turn, context=one.turn.alone)) for one in turns]
    return without_beside(BESIDE, read)


def behind(turns: Sequence[TurnCase]) -> list[TurnCase]:
    """Turns that are read behind what was said before, and not by themselves."""
    return [replace(one, turn=replace(one.turn, alone=one.turn.context)) for one in turns]


def without_beside(names: Sequence[str], turns: Sequence[TurnCase]) -> list[TurnCase]:
    """Turns of which some is not known that lies beside their readings."""
    made = []
    for one in turns:
        beside = one.turn.beside.copy()
        beside[:, [BESIDE.index(name) for name in names]] = 0.0
        made.append(replace(one, turn=replace(one.turn, beside=beside)))
    return made
