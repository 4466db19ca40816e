"""A set cut into trials: what is known, and what is asked of it.

Without a test file, the questions of a set are held out in turn; in each fold every tenth label is
unknown too, so that its questions are near misses that nothing answers. What a threshold is chosen
on is never what it is judged on: see :func:`benchmarks.answer_quality.scores.thresholds`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.answer_quality.sets import FaqSet, LabelSet, base_of, question
from retrieval.types import Entry
from web.evaluation.files import Question

#: Questions of a set up to this size are all asked, in five folds; of a larger one, in two of ten.
_SMALL = 2_000
_UNKNOWN = 10


@dataclass(frozen=True, slots=True)
class Trial:
    """``part`` names it within its set: a fold, "kept" or "test"; ``reported`` says whether its
    figures are printed (where there is a test file, folds only serve to choose thresholds)."""

    name: str
    part: str
    entries: tuple[Entry, ...]
    rows: tuple[Question, ...]
    reported: bool = True


def trials_of(
    found: FaqSet | LabelSet, test: Sequence[Question] | None = None, seed: int = 1
) -> list[Trial]:
    """The trials of a set, that of the test file last."""
    if isinstance(found, LabelSet):
        folds = list(_folds(found, seed))
        known = base_of(found.groups)
        own = Trial(found.name, "kept", known, found.kept) if found.kept else None
    else:
        folds = list(_rephrasings(found))
        known = tuple(_with(e, (found.held or {}).get(e.id, ())) for e in found.entries)
        own = Trial(found.name, "kept", known, found.rows) if found.rows else None
    if test is not None:
        own = Trial(found.name, "test", known, tuple(test))
    if own is None:
        return folds
    return [*(replace(fold, reported=False) for fold in folds), own]


def _folds(found: LabelSet, seed: int) -> Iterator[Trial]:
    rng = random.Random(seed)
    total = sum(map(len, found.groups.values()))
    count, done = (5, 5) if total <= _SMALL else (10, 2)
    mixed = {label: rng.sample(texts, len(texts)) for label, texts in found.groups.items()}
    outside = rng.sample(found.outside, len(found.outside))
    every = min(_UNKNOWN, len(mixed))
    for fold in range(done):
        groups: dict[str, tuple[str, ...]] = {}
        rows = []
        for number, (label, texts) in enumerate(mixed.items()):
            asked = texts[fold::count] if len(texts) > 1 else []
            unknown = (number + fold) % every == 0
            if not unknown:
                rest = set(asked)
                groups[label] = tuple(text for text in texts if text not in rest)
            rows += [question(text, *(() if unknown else (label,))) for text in asked]
        rows += [question(text) for text in outside[fold::done]]
        known = {label: texts for label, texts in groups.items() if texts}
        rows = [row for row in rows if set(row.expected.ids) <= set(known)]
        yield Trial(found.name, f"fold {fold + 1}", base_of(known), tuple(rows))


def _rephrasings(found: FaqSet) -> Iterator[Trial]:
    """Each rephrasing asked once, while the others are known."""
    held = found.held or {}
    for number in range(max((len(texts) for texts in held.values()), default=0)):
        entries, rows = [], []
        for entry in found.entries:
            texts = held.get(entry.id, ())
            entries.append(_with(entry, texts[:number] + texts[number + 1 :]))
            rows += [question(text, entry.id) for text in texts[number : number + 1]]
        yield Trial(found.name, f"rephrasing {number + 1}", tuple(entries), tuple(rows))


def _with(entry: Entry, phrasings: Sequence[str]) -> Entry:
    return replace(entry, alternatives=(*entry.alternatives, *phrasings))
