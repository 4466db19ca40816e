"""From features to probabilities: a small model fitted on labelled questions.

A conditional logit with an outside option (McFadden 1974): every candidate has a utility that is
linear in its features, "none of them answers" has one that is linear in the message's features,
and a probability is the share of the exponentials. So ranking and calibration are one model, and
the probabilities of a ranking never sum to more than one. Weights are apart for each pair of
question language and entry language.

What ranks well does not tell best whether the first entry answers at all. So a second model, a
logistic one, judges the first by its own features, the message's, and its lead over the others;
the rest keep their proportions. ``benchmarks/fit_calibration.py`` fits and writes both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.errors import RetrievalError
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates, Pair, Row
from retrieval.types import Lang

DEFAULT_FILE = Path(__file__).parent / "data" / "calibration.json"
_FORMAT = 2
_LOGIT_LIMIT = 9.0
#: How many choices the mean lead is taken over.
_CROWD = 8
#: How fast the first choice's word stops counting for one that is less likely.
_TIE_POWER = 16
#: What the second model looks at: the first entry's features, the message's, the log odds that
#: the first model gives, the lead in utility over the next choice, the third and the mean of the
#: first eight, the utility of "none", and the languages.
HEAD_FEATURES = (
    *FEATURES,
    *QUERY_FEATURES,
    *("log_odds", "lead_next", "lead_third", "lead_mean", "none", "english", "cross"),
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted weights. ``entry[pair]`` has one weight a feature and a constant at the end,
    ``none[lang]`` one a message feature and a constant; ``head`` one for each of HEAD_FEATURES and
    a constant, or is None: then the first model's word stands. ``encoders`` names what they are
    for."""

    encoders: tuple[str, str]
    entry: Mapping[Pair, Row]
    none: Mapping[Lang, Row]
    head: Row | None = None

    @classmethod
    def read(cls, path: Path = DEFAULT_FILE) -> Calibration:
        """Read what fitting wrote. Raises RetrievalError where it cannot be used."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RetrievalError(
                f"The calibration {path} cannot be read ({error}). It belongs to the product: "
                "restore it from the repository, or fit it anew with "
                "python -m benchmarks.fit_calibration."
            ) from error
        if (
            raw["format"] != _FORMAT
            or raw["features"] != list(FEATURES)
            or raw["query_features"] != list(QUERY_FEATURES)
            or raw["head_features"] != list(HEAD_FEATURES)
        ):
            raise RetrievalError(
                f"{path} was fitted for other features; run python -m benchmarks.fit_calibration."
            )
        return cls(
            encoders=(raw["encoders"][0], raw["encoders"][1]),
            entry={pair: np.array(weights) for pair, weights in raw["entry"].items()},
            none={lang: np.array(weights) for lang, weights in raw["none"].items()},
            head=None if raw["head"] is None else np.array(raw["head"]),
        )

    def write(self, path: Path, notes: Mapping[str, object]) -> None:
        """Write the weights, with ``notes`` on what they were fitted on and how well they do."""
        text = {
            "format": _FORMAT,
            "encoders": list(self.encoders),
            "features": list(FEATURES),
            "query_features": list(QUERY_FEATURES),
            "head_features": list(HEAD_FEATURES),
            "entry": {pair: _rounded(weights) for pair, weights in self.entry.items()},
            "none": {lang: _rounded(weights) for lang, weights in self.none.items()},
            "head": None if self.head is None else _rounded(self.head),
            "notes": dict(notes),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def utilities(self, candidates: Candidates) -> Row:
        """Utility of each candidate."""
        if not candidates.ids:
            return np.zeros(0)
        weights = np.stack([self.entry[pair] for pair in candidates.pairs])
        result: Row = (candidates.rows * weights[:, :-1]).sum(axis=1) + weights[:, -1]
        return result

    def utility_of_none(self, candidates: Candidates, lang: Lang) -> float:
        """Utility of "no entry answers"."""
        weights = self.none[lang]
        return float(candidates.query @ weights[:-1] + weights[-1])

    def probabilities(
        self, candidates: Candidates, utilities: Row, best: Sequence[float] | Row, lang: Lang
    ) -> Row:
        """Probability of each choice, whose utilities are ``best``; they sum to at most one.

        The choice with the greatest utility gets the greatest probability.
        """
        p = shares(best, self.utility_of_none(candidates, lang))
        if self.head is None or not len(p):
            return p
        row = self.head_row(candidates, utilities, best, lang)
        sure = _logistic(float(row @ self.head[:-1] + self.head[-1]))
        top = int(np.argmax(best))
        rest = np.minimum(p * ((1 - sure) / max(1 - p[top], 1e-12)), sure)
        # Near duplicates share, and no probability jumps where two choices change places.
        result: Row = np.maximum(rest, sure * (p / p[top]) ** _TIE_POWER)
        return result / max(1.0, float(result.sum()))

    def head_row(
        self, candidates: Candidates, utilities: Row, best: Sequence[float] | Row, lang: Lang
    ) -> Row:
        """The row of HEAD_FEATURES of the first entry; there must be one."""
        none = self.utility_of_none(candidates, lang)
        leader = int(np.argmax(utilities))
        ordered = np.sort(np.asarray(best, dtype=np.float64))[::-1]
        # Where a base has too few choices to compare with, "none" is the rival.
        rivals = np.append(ordered[:_CROWD], np.full(2, min(none, ordered[-1])))
        odds = float(np.clip(_log_odds(ordered, none), -_LOGIT_LIMIT, _LOGIT_LIMIT))
        crowd = rivals[: max(3, min(_CROWD, len(ordered)))]
        leads = rivals[0] - np.array([rivals[1], rivals[2], crowd.mean()])
        tail = [odds, *leads, none, lang == "en", candidates.pairs[leader] == "cross"]
        row: Row = np.concatenate([candidates.rows[leader], candidates.query, tail])
        return row


def shares(utilities: Sequence[float] | Row, none: float) -> Row:
    """Probabilities of the candidates beside the outside option; they sum to at most one."""
    values = np.append(np.asarray(utilities, dtype=np.float64), none)
    exponentials = np.exp(values - values.max())
    result: Row = (exponentials / exponentials.sum())[:-1]
    return result


def _log_odds(ordered: Row, none: float) -> float:
    """Log odds of the first choice against the others and "none"."""
    others = np.append(ordered[1:], none)
    return float(ordered[0] - np.logaddexp.reduce(others))


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -30.0, 30.0))))


def _rounded(weights: Row) -> list[float]:
    return [round(float(weight), 4) for weight in weights]
