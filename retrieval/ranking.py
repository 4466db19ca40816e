"""From candidates to a ranking: probabilities, translations, order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from retrieval.calibration import shares
from retrieval.catalogue import Prepared
from retrieval.features import FEATURES, Candidates, Row
from retrieval.types import Lang, Ranked


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked entries, best first, and the probability that none of them answers."""

    ranked: tuple[Ranked, ...]
    none: float

    @property
    def top(self) -> float:
        """Probability of the first entry; 0.0 where there is none."""
        return self.ranked[0].p if self.ranked else 0.0


def rank(
    candidates: Candidates,
    utilities: Row,
    none: float,
    prepared: Mapping[str, Prepared],
    lang: Lang,
) -> Ranking:
    """Turn candidates and their utilities into a ranking with calibrated probabilities.

    An entry and its translations are one choice, as good as the best of them: the one in the
    visitor's language stands for all and carries the probability, the others follow at the end
    with 0. ``none`` is the utility of "nothing answers".
    """
    families: dict[str, list[int]] = {}
    for number, key in enumerate(candidates.ids):
        family = prepared[key].entry.translation_of or key
        families.setdefault(family, []).append(number)
    leaders = [
        _leader(members, candidates, utilities, prepared, lang) for members in families.values()
    ]
    best = [float(max(utilities[member] for member in members)) for members in families.values()]
    p = shares(best, none)
    order = sorted(range(len(leaders)), key=lambda i: (-best[i], candidates.ids[leaders[i]]))
    features = np.round(candidates.rows, 4).tolist()

    def ranked_one(number: int, p: float, score: float) -> Ranked:
        entry = prepared[candidates.ids[number]].entry
        named = dict(zip(FEATURES, features[number], strict=True))
        return Ranked(entry.id, entry.revision, entry.lang, p=p, score=score, features=named)

    ranked = [ranked_one(leaders[i], float(p[i]), best[i]) for i in order]
    leading = set(leaders)
    rest = [n for n in range(len(candidates.ids)) if n not in leading]
    for number in sorted(rest, key=lambda n: -utilities[n]):
        score = min(float(utilities[number]), ranked[-1].score)
        ranked.append(ranked_one(number, 0.0, score))
    return Ranking(tuple(ranked), none=float(max(0.0, 1.0 - p.sum())))


def _leader(
    members: list[int],
    candidates: Candidates,
    utilities: Row,
    prepared: Mapping[str, Prepared],
    lang: Lang,
) -> int:
    return max(
        members,
        key=lambda n: (prepared[candidates.ids[n]].entry.lang == lang, float(utilities[n])),
    )
