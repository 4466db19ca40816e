"""Try cost matrices on the questions that calibration is fitted on; print what each would do.

``python -m benchmarks.fit_costs [--worlds DIR]`` runs the routing rule itself over every question
of the average companies, with the product's calibration and a reading of "a question" at 0.95, for
a grid of the three costs that matter most. The defaults in ``bot/terms.py`` are chosen from this
table.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.calibration_worlds import all_worlds
from benchmarks.fit_calibration import ENCODERS, WORLDS, Asked, ask_all, probabilities
from bot.routing import DEFAULT_COSTS, CostMatrix, EvidenceDigest, EvidenceItem, NluReading, decide
from retrieval.calibration import Calibration
from retrieval.models import ModelStore
from web.settings import Settings

_WRONG = (1.0, 1.2, 1.4, 1.5, 1.6, 1.8)
_CLARIFY_UNCOVERED = (0.6, 0.7, 0.8, 0.9)
_CLARIFY_OPTION = (0.15, 0.25)
#: A composed reply that stands on the wrong entries is worse by as much; one where another entry
#: than the first answers holds that one too, and so costs this part of a wrong answer.
_COMPOSED, _HALF_WRONG = 0.1, 0.6
_SURE = 0.95
_SHOWN = 8


def main() -> None:
    """Ask, try, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=Path, default=WORLDS, help="companies to try them on")
    options = parser.parse_args()
    settings = Settings()
    usual = (world for world in all_worlds(None, options.worlds) if world.usual)
    worlds = [replace(world, turns=()) for world in usual]
    store = ModelStore(settings.cache_dir, settings.model_dir)
    asked = [one for one in ask_all(worlds, store, ENCODERS)[0] if one.kind != "ambiguous"]
    weights = Calibration.read()
    evidence = [_evidence(one, weights) for one in asked]
    table = Table("wrong answer", "clarify, uncovered", "clarify, right one", title="Costs")
    for name in ("right", "asked back rightly", "asked back", "wrong given", "not answered"):
        table.add_column(name, justify="right")
    for costs in itertools.product(_WRONG, _CLARIFY_UNCOVERED, _CLARIFY_OPTION):
        figures = _try(asked, evidence, _matrix(*costs))
        table.add_row(*(f"{c:.2f}" for c in costs), *(f"{f:.3f}" for f in figures.values()))
    Console().print(table)


def _evidence(one: Asked, weights: Calibration) -> tuple[EvidenceDigest, str | None]:
    """What the bot would be told, and the item that is right."""
    p, _ = probabilities(one.case, weights)
    order = np.argsort(-p, kind="stable")[:_SHOWN]
    items = tuple(EvidenceItem(str(n), 1, float(p[n]), one.case.lang) for n in order)
    gold = one.case.gold
    return EvidenceDigest(one.case.lang, items), None if gold is None else str(gold)


def _matrix(wrong: float, clarify_uncovered: float, clarify_option: float) -> CostMatrix:
    matrix = {route: dict(row) for route, row in DEFAULT_COSTS.matrix.items()}
    matrix["answer"]["option"] = matrix["answer"]["uncovered"] = wrong
    matrix["compose"]["uncovered"] = wrong + _COMPOSED
    matrix["compose"]["option"] = _HALF_WRONG * wrong
    matrix["clarify"]["uncovered"] = clarify_uncovered
    matrix["clarify"]["option"] = clarify_option
    return CostMatrix(1, matrix)


def _try(
    asked: Sequence[Asked],
    evidence: Sequence[tuple[EvidenceDigest, str | None]],
    costs: CostMatrix,
) -> Mapping[str, float]:
    """Shares of the covered (the first three), of all, and of the uncovered."""
    covered: list[tuple[bool, bool, bool]] = []
    silent: list[bool] = []
    wrong = 0
    for one, (digest, gold) in zip(asked, evidence, strict=True):
        reading = NluReading("ask_question", _SURE, one.case.lang)
        chosen = decide(digest, reading, costs).first
        given = chosen.route in ("answer", "compose")
        right = given and gold in chosen.entry_ids[: 1 if chosen.route == "answer" else None]
        back = chosen.route == "clarify"
        wrong += given and not right
        if gold is None:
            silent.append(not given and not back)
        else:
            covered.append((right, back and gold in chosen.entry_ids, back))
    shares = np.array(covered).mean(axis=0)
    return {
        "right": float(shares[0]),
        "asked back rightly": float(shares[1]),
        "asked back": float(shares[2]),
        "wrong given": wrong / len(asked),
        "not answered": float(np.mean(silent)),
    }


if __name__ == "__main__":
    main()
