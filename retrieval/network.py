"""What a sum of features cannot tell.

The logit of :mod:`retrieval.calibration` adds up features, and judges "nothing answers" by the
message alone. But an entry that is near in some ways and not in others is rarely the right one, and
whether nothing answers shows best in the entry that leads. Two networks of one hidden layer look at
the features and correct the logit's utilities: one those of the candidates, the other that of
"nothing answers", from the candidate that leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.features import FEATURES, QUERY_FEATURES, Candidates, Pair
from retrieval.types import Lang

#: All features but that of entries with many phrasings, whose classifier has judged them already.
_SEEN = FEATURES.index("lift")
_MESSAGE = QUERY_FEATURES.index("worded")
_NO_WORDS = QUERY_FEATURES.index("no_words")
_PAIRS: tuple[Pair, ...] = ("en-en", "zh-zh", "cross")
_LANGS: tuple[Lang, ...] = ("en", "zh")
WIDTH = _SEEN + _MESSAGE + len(_PAIRS)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layer:
    """One hidden layer of tanh and one number out: ``hidden`` (h, inputs + 1) and ``out``
    (h + 1,), a constant at the end of each."""

    hidden: Array
    out: Array

    def __call__(self, inputs: Array) -> Array:
        """One number for each row of ``inputs``."""
        inner = np.tanh(inputs @ self.hidden[:, :-1].T + self.hidden[:, -1])
        result: Array = inner @ self.out[:-1] + self.out[-1]
        return result


@dataclass(frozen=True, slots=True)
class Network:
    """``mean`` and ``scale`` (WIDTH,) centre the inputs; ``factor`` multiplies the logit's
    utilities before they are corrected; ``none`` is told the language beside the inputs, and
    ``shift`` moves what it says by language."""

    mean: Array
    scale: Array
    factor: float
    entry: Layer
    none: Layer
    shift: Mapping[Lang, float] = field(default_factory=lambda: dict.fromkeys(_LANGS, 0.0))

    def corrected(
        self, candidates: Candidates, utilities: Array, none: float, lang: Lang
    ) -> tuple[Array, float]:
        """The logit's utilities of the candidates and of "nothing answers", corrected; those of
        entries with many phrasings are not, and where there are no others nothing is.

        Nor is anything of a message without a word that says what it is about ("ok thanks"): hardly
        any of those it was fitted on is like that.
        """
        plain = np.array([pair != "worded" for pair in candidates.pairs])
        if not plain.any():
            return utilities, none
        if candidates.query[_NO_WORDS]:
            return self.factor * utilities, self.factor * none
        inputs = (inputs_of(candidates) - self.mean) / self.scale
        fixed = self.factor * utilities + self.entry(inputs)
        fixed = np.where(plain, fixed, self.factor * utilities)
        first = int(fixed.argmax())
        outside = self.factor * none
        if plain[first]:
            message = np.append(inputs[first], float(_LANGS.index(lang)))
            outside += float(self.none(message[None, :])[0]) + self.shift[lang]
        return fixed, outside

    def scaled(self, by: float, shift: Mapping[Lang, float]) -> Network:
        """The same, all utilities ``by`` times as great, and "nothing answers" shifted."""
        entry, none = (Layer(one.hidden, one.out * by) for one in (self.entry, self.none))
        moved = {lang: self.shift[lang] * by + shift[lang] for lang in _LANGS}
        return replace(self, factor=self.factor * by, entry=entry, none=none, shift=moved)

    def to_json(self) -> dict[str, object]:
        """The weights as plain lists."""
        return {
            "mean": _rounded(self.mean),
            "scale": _rounded(self.scale),
            "factor": round(self.factor, 5),
            "shift": {lang: round(shift, 5) for lang, shift in self.shift.items()},
            "entry": [_rounded(self.entry.hidden), _rounded(self.entry.out)],
            "none": [_rounded(self.none.hidden), _rounded(self.none.out)],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Network:
        """What :meth:`to_json` gave."""
        entry, none = (Layer(*(np.array(part) for part in raw[name])) for name in ("entry", "none"))
        mean, scale = np.array(raw["mean"]), np.array(raw["scale"])
        return cls(mean, scale, float(raw["factor"]), entry, none, dict(raw["shift"]))


def inputs_of(candidates: Candidates) -> Array:
    """What the networks look at, ``(candidates, WIDTH)``: features, the message's features, and the
    pair of languages."""
    pairs = np.array([[pair == one for one in _PAIRS] for pair in candidates.pairs], dtype=float)
    message = np.tile(candidates.query[:_MESSAGE], (len(candidates.ids), 1))
    return np.hstack([candidates.rows[:, :_SEEN], message, pairs])


def _rounded(values: Array) -> list[object]:
    rounded: list[object] = np.round(values, 5).tolist()
    return rounded
