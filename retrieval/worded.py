"""What the many phrasings of an entry teach: a classifier of a base's own.

Where entries have eight phrasings or more (labelled intents, mined questions), nearness to one of
them says less than what all of them have in common. A softmax regression over the vectors of the
phrasings (L-BFGS; the linear probe of sentence encoders, Conneau & Kiela 2018) learns it in
seconds. It is trained beside the searches, so that no edit waits for it: until then, entries that
it does not know are compared as those of few phrasings are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.types import Vectors

#: So many phrasings of an entry are worth learning from.
LEAST = 8
#: How far the fit may go against a flat guess: the inverse strength of the ridge.
_FREEDOM = 20.0
_STEPS = 200
#: Of a base that is larger, the most recently published entries of many phrasings are learnt.
_MOST_ROWS = 30_000

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Worded:
    """Weights ``(entries, dim + 1)``, the constant at the end, for the entries ``ids``."""

    ids: tuple[str, ...]
    weights: Array

    def lifts(self, vector: Vectors) -> dict[str, float]:
        """How much likelier each entry is than by a flat guess, as a share of the most that is
        possible: 0 where it is no likelier, 1 where it is certain."""
        utility = self.weights[:, :-1] @ vector + self.weights[:, -1]
        shares = utility - np.logaddexp.reduce(utility)
        most = np.log(len(self.ids))
        return dict(zip(self.ids, np.maximum(0.0, 1.0 + shares / most).tolist(), strict=True))


def learn(phrasings: Mapping[str, Vectors]) -> Worded | None:
    """Learn from the phrasings' vectors of each entry; None where fewer than two have enough."""
    kept: dict[str, Vectors] = {}
    rows = 0
    for key, vectors in phrasings.items():
        if len(vectors) >= LEAST and rows + len(vectors) <= _MOST_ROWS:
            kept[key] = vectors
            rows += len(vectors)
    if len(kept) < 2:
        return None
    # Half a second and 50 MB that a base of few phrasings never needs.
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    inputs = np.concatenate(list(kept.values())).astype(np.float64)
    inputs = np.hstack([inputs, np.ones((len(inputs), 1))])
    owner = np.repeat(np.arange(len(kept)), [len(vectors) for vectors in kept.values()])
    shape = (len(kept), inputs.shape[1])
    numbers = np.arange(len(owner))

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(shape)
        utility = inputs @ weights.T
        total = logsumexp(utility, axis=1)
        slope = np.exp(utility - total[:, None])
        value = float((total - utility[numbers, owner]).sum())
        slope[numbers, owner] -= 1.0
        ridge = weights.copy()
        ridge[:, -1] = 0.0
        gradient = _FREEDOM * (slope.T @ inputs) + ridge
        return _FREEDOM * value + 0.5 * float((ridge * ridge).sum()), gradient.ravel()

    start = np.zeros(shape[0] * shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    return Worded(tuple(kept), found.reshape(shape))
