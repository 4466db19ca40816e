"""The terms of the routing rule: costs and evidence, read from JSON and checked.

Pure, Python 3.10. Everybody outside this package imports these names from ``bot.routing``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: The ways to answer. The order breaks ties: an earlier route wins.
ROUTES = ("answer", "clarify", "decline", "compose", "chat", "flow", "insight", "handoff")
#: States of the world: the first entry answers; the second or third does; several together do;
#: a question that the base does not answer; small talk; a flow; what customers say; a person.
STATES = ("top", "option", "several", "uncovered", "chat", "flow", "insight", "person")
#: Longest text of a turn in code points; more says nothing that the beginning does not.
MAX_TEXT = 20_000
MAX_ITEMS = 8


class RoutingError(ValueError):
    """Evidence, costs or a reading that cannot be used; the message says where and why."""


@dataclass(frozen=True)
class CostMatrix:
    """Cost of each route in each state, with the revision of the stored record.

    Costs are relative: 0 is what one wishes, 1.5 a plainly wrong answer.
    """

    revision: int
    matrix: Mapping[str, Mapping[str, float]]

    @classmethod
    def from_dict(cls, raw: object) -> CostMatrix:
        """Read ``{"revision": int, "matrix": {route: {state: cost}}}``; raises RoutingError."""
        body = _mapping(raw, "costs")
        revision = body.get("revision")
        if isinstance(revision, bool) or not isinstance(revision, int) or revision < 0:
            raise RoutingError(f"costs.revision must be a whole number from 0, not {revision!r}")
        rows = _mapping(body.get("matrix"), "costs.matrix")
        _same_names(rows, ROUTES, "costs.matrix", "route")
        matrix: dict[str, dict[str, float]] = {}
        for route in ROUTES:
            where = f"costs.matrix.{route}"
            row = _mapping(rows[route], where)
            _same_names(row, STATES, where, "state")
            matrix[route] = {s: _number(row[s], f"{where}.{s}", high=1000.0) for s in STATES}
        return cls(revision, matrix)

    def to_dict(self) -> dict[str, Any]:
        """The form that ``from_dict`` reads."""
        return {"revision": self.revision, "matrix": {r: dict(c) for r, c in self.matrix.items()}}


#: Chosen so that an answer wants p of about 0.7, a clarification two or three close entries, and
#: a composed reply a message that asks for several things at once: on the fitting companies, one
#: message in seventeen then gets a wrong answer (docs/developers/retrieval.md).
DEFAULT_COSTS = CostMatrix(1, {
    route: dict(zip(STATES, row, strict=True)) for route, row in {
        # ........  top   option several uncov  chat  flow  insight person
        "answer":  (0.00, 1.50, 0.50, 1.50, 0.80, 0.60, 0.70, 0.80),
        "clarify": (0.55, 0.15, 0.40, 0.70, 0.90, 0.70, 0.80, 0.80),
        "decline": (0.70, 0.70, 0.70, 0.00, 0.70, 0.80, 0.70, 0.80),
        "compose": (0.30, 0.90, 0.10, 1.60, 0.90, 0.80, 0.80, 0.90),
        "chat":    (0.90, 0.90, 0.90, 0.50, 0.00, 0.80, 0.80, 0.90),
        "flow":    (0.80, 0.80, 0.80, 0.70, 0.80, 0.00, 0.80, 0.80),
        "insight": (0.90, 0.90, 0.90, 0.80, 0.90, 0.90, 0.00, 0.90),
        "handoff": (0.75, 0.75, 0.75, 0.30, 0.80, 0.60, 0.70, 0.00),
    }.items()
})  # fmt: skip


@dataclass(frozen=True)
class EvidenceItem:
    """One entry: its id and revision, P(it answers the message), language, and the entry of the
    other language that it translates, if any."""

    id: str
    rev: int
    p: float
    lang: str
    of: str | None = None

    @property
    def group(self) -> str:
        """Entries of one group say the same thing and are never offered side by side."""
        return self.of or self.id


@dataclass(frozen=True)
class EvidenceDigest:
    """What retrieval believes of one message: at most eight entries, best first, no texts.

    ``features["parts"]``, where given, counts the questions that the message holds.
    """

    lang: str
    items: tuple[EvidenceItem, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, raw: object) -> EvidenceDigest:
        """Read version 1 of the digest (docs/developers/contracts.md); raises RoutingError."""
        body = _mapping(raw, "evidence")
        if body.get("v") != 1:
            raise RoutingError(f"evidence.v must be 1, not {body.get('v')!r}")
        items = body.get("items", [])
        if not isinstance(items, list) or len(items) > MAX_ITEMS:
            raise RoutingError(f"evidence.items must be a list of at most {MAX_ITEMS} entries")
        features = _mapping(body.get("features", {}), "evidence.features")
        return cls(
            lang=_text(body.get("lang"), "evidence.lang"),
            items=tuple(_item(item, f"evidence.items[{i}]") for i, item in enumerate(items)),
            features={
                str(k): _number(v, f"evidence.features.{k}", low=-math.inf, high=math.inf)
                for k, v in features.items()
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """The form that ``from_dict`` reads."""
        items = [
            {"id": i.id, "rev": i.rev, "p": i.p, "lang": i.lang} | ({"of": i.of} if i.of else {})
            for i in self.items
        ]
        return {"v": 1, "lang": self.lang, "items": items, "features": dict(self.features)}

    def distinct(self) -> tuple[EvidenceItem, ...]:
        """The entries without translations of one that stands before them."""
        first: dict[str, EvidenceItem] = {}
        for item in self.items:
            first.setdefault(item.group, item)
        return tuple(first.values())


def _item(raw: object, where: str) -> EvidenceItem:
    body = _mapping(raw, where)
    rev = body.get("rev")
    if isinstance(rev, bool) or not isinstance(rev, int) or rev < 0:
        raise RoutingError(f"{where}.rev must be a whole number from 0, not {rev!r}")
    of = body.get("of")
    return EvidenceItem(
        id=_text(body.get("id"), f"{where}.id"),
        rev=rev,
        p=_number(body.get("p"), f"{where}.p", high=1.0),
        lang=_text(body.get("lang"), f"{where}.lang"),
        of=None if of is None else _text(of, f"{where}.of"),
    )


def _mapping(raw: object, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise RoutingError(f"{where} must be an object, not {type(raw).__name__}")
    return raw


def _text(raw: object, where: str) -> str:
    if not isinstance(raw, str) or not raw or len(raw) > 200:
        raise RoutingError(f"{where} must be a text of 1 to 200 characters")
    return raw


def _number(raw: object, where: str, *, low: float = 0.0, high: float) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not math.isfinite(raw):
        raise RoutingError(f"{where} must be a finite number, not {raw!r}")
    if not low <= raw <= high:
        raise RoutingError(f"{where} must lie between {low:g} and {high:g}, not {raw!r}")
    return float(raw)


def _same_names(given: Mapping[str, Any], wanted: Sequence[str], where: str, what: str) -> None:
    missing = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    if missing or unknown:
        parts = [f"lacks {what} {', '.join(missing)}"] if missing else []
        parts += [f"has unknown {what} {', '.join(map(str, unknown))}"] if unknown else []
        raise RoutingError(f"{where} {' and '.join(parts)}; known: {', '.join(wanted)}")
