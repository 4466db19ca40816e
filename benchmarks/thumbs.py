"""What judged replies do for the probabilities of one company, by how many there are.

``python -m benchmarks.thumbs [--worlds DIR] [--seeds N] [--json FILE]`` asks every company the
questions that calibration was fitted on. For each seed a random half of them may be judged, and the
other half is counted: mean log loss of "the first entry is right", calibration error, and the share
of all questions that the routing rule answers wrongly at the default costs, each as a difference to
no correction. Who judges:

* *verdicts*: a curator looks at any message;
* *verdicts on answers*: only at what the rule answered;
* *thumbs*: visitors, on what was answered; where it was wrong three times as readily.

The default of :class:`retrieval.refit.Prior` is chosen from these tables.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import report
from benchmarks.calibration_worlds import AVERAGE, all_worlds
from benchmarks.fit_calibration import ENCODERS, WORLDS, Asked, ask_all, probabilities
from bot.routing import EvidenceDigest, EvidenceItem, NluReading, decide
from retrieval.calibration import Calibration
from retrieval.correction import Correction
from retrieval.models import ModelStore
from retrieval.refit import Judgement, Prior, fit
from web.evaluation import metrics
from web.judging import THUMB_WEIGHT
from web.settings import Settings

COUNTS = (0, 5, 20, 50, 100, 200)
_SURE, _READIER, _KEPT, _SENT, _LEAST = 0.95, 3, 10, 8, 1e-6


@dataclass(frozen=True, slots=True)
class Said:
    """A question: its ranking's probabilities, the place of the right entry (None: not covered,
    -1: not found), and whether the rule answers with the first entry."""

    p: tuple[float, ...]
    none: float
    lang: str
    gold: int | None
    answered: bool = False

    @property
    def right(self) -> bool:
        return self.gold == 0

    def judged(self, by: str) -> Judgement:
        weight = THUMB_WEIGHT if by == "thumbs" else 1.0
        source = "thumb" if by == "thumbs" else "verdict"
        verdict = "right" if self.right else "wrong"
        return Judgement(self.p, self.none, (0,), verdict, source, weight)  # type: ignore[arg-type]


Pool = Callable[[Sequence[Said], random.Random], list[Said]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask, correct, count, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=Path, default=WORLDS, help="companies to ask")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--json", type=Path, help="write the figures here")
    for name in ("scale", "shift", "bias", "bias-mean"):
        default = getattr(Prior(), name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=float, default=default, help="of the prior")
    options = parser.parse_args(arguments)
    prior = Prior(options.scale, options.shift, options.bias_mean, options.bias)
    companies = asked_of(options.worlds)
    console = Console()
    alone = {name: figures(said, Correction()) for name, said in companies.items()}
    free = Prior(10.0, 10.0, 0.0, 1e-3)
    own = {name: fit([s.judged("all") for s in said], free) for name, said in companies.items()}
    for name, said in companies.items():
        known = figures(said, own[name].correction)
        console.print(name, len(said), own[name].correction, _shown(alone[name]), _shown(known))
    rows = list(_rows(companies, prior, options.seeds))
    for row in rows:
        row["change"] = dict(zip(alone[next(iter(alone))], row["change"], strict=True))
    console.print(_table(rows, _mean(alone.values())))
    files = sorted((options.worlds / AVERAGE).glob("*.jsonl"))
    report.write(
        options.json,
        {
            "without": alone,
            "all labels known": {
                name: {"scale": one.correction.scale, "shift": one.correction.shift}
                | figures(companies[name], one.correction)
                for name, one in own.items()
            },
            "prior": {name: getattr(prior, name) for name in Prior.__dataclass_fields__},
            "seeds": options.seeds,
            "rows": rows,
            "run": report.provenance(0, files),
        },
    )


def asked_of(worlds: Path) -> dict[str, list[Said]]:
    """The single questions of every company, with what retrieval says of them."""
    settings = Settings()
    store = ModelStore(settings.cache_dir, settings.model_dir)
    usual = [replace(w, turns=()) for w in all_worlds(None, worlds) if w.usual]
    asked = [one for one in ask_all(usual, store, ENCODERS)[0] if one.kind != "ambiguous"]
    weights = Calibration.read()
    return {
        source: [_said(one, weights) for one in some]
        for source, some in groupby(asked, lambda one: one.source)
    }


def _said(one: Asked, weights: Calibration) -> Said:
    p, _ = probabilities(one.case, weights)
    order = np.argsort(-p, kind="stable")[:_KEPT]
    gold = one.case.gold
    place = None if gold is None else next((n for n, c in enumerate(order) if c == gold), -1)
    kept = tuple(float(p[n]) for n in order)
    said = Said(kept, max(0.0, 1.0 - float(p.sum())), one.case.lang, place)
    return replace(said, answered=_route(said, Correction())[0] == "answer")


def _route(said: Said, correction: Correction) -> tuple[str, tuple[str, ...]]:
    p, _ = correction.apply(said.p, said.none)
    lang = "zh" if said.lang == "zh" else "en"
    items = tuple(EvidenceItem(str(n), 1, float(one), lang) for n, one in enumerate(p[:_SENT]))
    chosen = decide(EvidenceDigest(lang, items), NluReading("ask_question", _SURE, lang)).first
    return chosen.route, chosen.entry_ids


def figures(said: Sequence[Said], correction: Correction) -> dict[str, float]:
    """Log loss, calibration error, share answered wrongly and rightly, of all questions."""
    top = np.array([correction.apply(one.p, one.none)[0][0] for one in said])
    right = np.array([one.right for one in said])
    stated = np.clip(np.where(right, top, 1.0 - top), _LEAST, 1.0)
    given = [_gave(one, correction) for one in said]
    return {
        "log loss": float(-np.log(stated).mean()),
        "calibration error": metrics.calibration_error(top.tolist(), right.tolist()) or 0.0,
        "wrong": sum(one is False for one in given) / len(said),
        "right": sum(one is True for one in given) / len(said),
    }


def _gave(said: Said, correction: Correction) -> bool | None:
    """Whether the reply held the right entry; None where none was given."""
    route, entries = _route(said, correction)
    if route not in ("answer", "compose"):
        return None
    return str(said.gold) in entries


def _anybody(said: Sequence[Said], rng: random.Random) -> list[Said]:
    return rng.sample(said, len(said))


def _answered(said: Sequence[Said], rng: random.Random) -> list[Said]:
    return [one for one in _anybody(said, rng) if one.answered]


def _cross(said: Sequence[Said], rng: random.Random) -> list[Said]:
    """What was answered; of what was right there, a third."""
    return [one for one in _answered(said, rng) if not one.right or rng.random() < 1 / _READIER]


POOLS: Mapping[str, Pool] = {
    "verdicts": _anybody, "verdicts on answers": _answered, "thumbs": _cross,
}  # fmt: skip


def _rows(
    companies: Mapping[str, Sequence[Said]], prior: Prior, seeds: int
) -> Iterator[dict[str, Any]]:
    """For each way of judging and count: the mean change of each figure, and the worst company's
    change of log loss; the judged halves run out at the largest counts."""
    found: dict[tuple[str, int], list[tuple[str, int, list[float]]]] = defaultdict(list)
    for name, said in track(companies.items(), "companies corrected"):
        for seed in range(seeds):
            rng = random.Random(f"{name} {seed}")
            mixed = rng.sample(said, len(said))
            half, rest = mixed[: len(said) // 2], mixed[len(said) // 2 :]
            before = np.array(list(figures(rest, Correction()).values()))
            for by, pool in POOLS.items():
                judged = [one.judged(by) for one in pool(half, rng)]
                for count in COUNTS:
                    some = judged[:count]
                    after = figures(rest, fit(some, prior).correction)
                    change = np.array(list(after.values())) - before
                    found[by, count].append((name, len(some), change.tolist()))
    for (by, count), runs in found.items():
        worst = max(
            float(np.mean([change[0] for name, _, change in runs if name == one]))
            for one in companies
        )
        yield {
            "judged by": by,
            "count": count,
            "judged": float(np.mean([n for _, n, _ in runs])),
            "change": np.mean([change for _, _, change in runs], axis=0).tolist(),
            "worst company, log loss": worst,
            "worst run, log loss": max(change[0] for _, _, change in runs),
        }


def _table(rows: Sequence[Mapping[str, Any]], without: Mapping[str, float]) -> Table:
    said = ", ".join(f"{name} {value:.3f}" for name, value in without.items())
    table = Table("judged by", "count", title=f"Without a correction: {said}")
    for name in ("judged", *without, "worst company", "worst run"):
        table.add_column(name, justify="right")
    for row in rows:
        cells = [*row["change"].values(), row["worst company, log loss"]]
        cells.append(row["worst run, log loss"])
        figures = (f"{cell:+.4f}" for cell in cells)
        table.add_row(row["judged by"], str(row["count"]), f"{row['judged']:.0f}", *figures)
    return table


def _mean(some: Any) -> dict[str, float]:
    every = list(some)
    return {name: sum(one[name] for one in every) / len(every) for name in every[0]}


def _shown(some: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in some.items())


if __name__ == "__main__":
    main()
