"""From features to probabilities: a small model fitted on labelled questions.

A conditional logit with an outside option (McFadden 1974): every candidate has a utility that is
linear in its features, "none of them answers" has one that is linear in the message's features,
and a probability is the share of the exponentials. So ranking and calibration are one model, and
the probabilities of a ranking never sum to more than one. Weights are apart for each pair of
question language and entry language. Small networks correct the utilities where features
tell more together than apart (:mod:`retrieval.network`). ``benchmarks/fit_calibration.py`` fits and
writes them all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from retrieval.errors import RetrievalError
from retrieval.features import FEATURES, QUERY_FEATURES, Candidates, Pair, Row
from retrieval.network import Network
from retrieval.turns import BESIDE, LEANING, TURN_FEATURES, Leaning, Turn, believed
from retrieval.types import Lang

DEFAULT_FILE = Path(__file__).parent / "data" / "calibration.json"
_FORMAT = 7


def _as_read_alone() -> dict[Leaning, Row]:
    weights = [1.0, 0.0, *(0.0 for _ in BESIDE), 1.0, 0.0, 0.0]
    return {leaning: np.array(weights) for leaning in LEANING.values()}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted weights. ``entry[pair]`` has one weight a feature and a constant at the end,
    ``none[lang]`` one a message feature and a constant, ``turn[leaning]`` one of each of
    TURN_FEATURES; ``network`` corrects what they say; ``encoders`` names what all are for."""

    encoders: tuple[str, str]
    entry: Mapping[Pair, Row]
    none: Mapping[Lang, Row]
    turn: Mapping[Leaning, Row] = field(default_factory=_as_read_alone)
    network: Network | None = None

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
            or raw["turn_features"] != list(TURN_FEATURES)
        ):
            raise RetrievalError(
                f"{path} was fitted for other features; run python -m benchmarks.fit_calibration."
            )
        return cls(
            encoders=(raw["encoders"][0], raw["encoders"][1]),
            entry={pair: np.array(weights) for pair, weights in raw["entry"].items()},
            none={lang: np.array(weights) for lang, weights in raw["none"].items()},
            turn={leaning: np.array(weights) for leaning, weights in raw["turn"].items()},
            network=Network.from_json(raw["network"]) if raw["network"] else None,
        )

    def write(self, path: Path, notes: Mapping[str, object]) -> None:
        """Write the weights, with ``notes`` on what they were fitted on and how well they do."""
        text = {
            "format": _FORMAT,
            "encoders": list(self.encoders),
            "features": list(FEATURES),
            "query_features": list(QUERY_FEATURES),
            "turn_features": list(TURN_FEATURES),
            "entry": {pair: _rounded(weights) for pair, weights in self.entry.items()},
            "none": {lang: _rounded(weights) for lang, weights in self.none.items()},
            "turn": {leaning: _rounded(weights) for leaning, weights in self.turn.items()},
            "network": self.network.to_json() if self.network else None,
            "notes": dict(notes),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        written = json.dumps(text, indent=1, ensure_ascii=False)
        # A list of numbers on one line each.
        written = re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), written)
        path.write_text(written + "\n", encoding="utf-8")

    def utilities(self, candidates: Candidates) -> Row:
        """Utility of each candidate by the logit alone."""
        if not candidates.ids:
            return np.zeros(0)
        weights = np.stack([self.entry[pair] for pair in candidates.pairs])
        result: Row = (candidates.rows * weights[:, :-1]).sum(axis=1) + weights[:, -1]
        return result

    def utility_of_none(self, candidates: Candidates, lang: Lang) -> float:
        """Utility of "no entry answers" by the logit alone."""
        weights = self.none[lang]
        return float(candidates.query @ weights[:-1] + weights[-1])

    def both(self, candidates: Candidates, lang: Lang) -> tuple[Row, float]:
        """Utilities of the candidates, and of "no entry answers"."""
        entries, none = self.utilities(candidates), self.utility_of_none(candidates, lang)
        if self.network is None:
            return entries, none
        return self.network.corrected(candidates, entries, none, lang)

    def of_turn(self, turn: Turn, lang: Lang) -> tuple[Row, float]:
        """As :meth:`both`, of a message that was read alone and in its conversation."""
        alone, context = self.both(turn.alone, lang), self.both(turn.context, lang)
        return believed(self.turn[turn.leaning], alone, context, turn.beside)


def shares(utilities: Sequence[float] | Row, none: float) -> Row:
    """Probabilities of the candidates beside the outside option; they sum to at most one."""
    values = np.append(np.asarray(utilities, dtype=np.float64), none)
    exponentials = np.exp(values - values.max())
    result: Row = (exponentials / exponentials.sum())[:-1]
    return result


def _rounded(weights: Row) -> list[float]:
    return [round(float(weight), 4) for weight in weights]
