"""What each part of the ranking is worth: one taken out at a time, the weights fitted without it.

``python -m benchmarks.ablation [--data DIR] [--every N] [--json FILE]`` asks one question in N of
the fitting companies, the shop and the supplier of electricity, all turns of conversations, and
with ``--data`` label sets with all their phrasings. Every family of sources is judged by weights
fitted on the others, as in
:mod:`benchmarks.fit_calibration`. The candidates stay those that all parts together find; a part
that is taken out has no say in their order, nor in how sure the first of them is.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import report, two_questions
from benchmarks.ablation_parts import (
    Part,
    alone,
    behind,
    parts,
    without_beside,
    worded_parts,
)
from benchmarks.calibration_worlds import AVERAGE, ENERGY, HARD, SHOP, all_worlds
from benchmarks.fit_calibration import ENCODERS, WORLDS, Asked, ask_all, fit, held_out, judge
from benchmarks.turn_model import TurnCase, fit_turns, judge_turns
from retrieval.calibration import Calibration
from retrieval.encoder import Ct2Encoder
from retrieval.models import ModelStore
from retrieval.training.worlds import read_worlds
from retrieval.turns import BESIDE
from web.settings import Settings

_SEED = 1
#: So the command takes a quarter of an hour of the processor.
_EVERY = 3
#: What the readers were made from.
_AS_THEY_ARE = ("all-minilm-l6-v2", "multilingual-e5-small")
_COMPANIES = ("company-", "shop-", "energy-")
_SHOWN = ("hit@1", "auroc", "auroc near", "right at 85 % silent", "ece")
_WIDE = 150
_FOUND_BEFORE = ("said", "said_before", "kin")

Figures = Mapping[str, float]
#: How questions of a group are told from the rest of those that were judged.
_GROUPS: dict[str, Callable[[Asked], bool]] = {
    "all": lambda one: not one.worded,
    "en": lambda one: not one.worded and one.case.lang == "en",
    "zh": lambda one: not one.worded and one.case.lang == "zh",
    "whole bases of average companies": lambda one: one.usual,
    "all phrasings": lambda one: one.worded,
}


@dataclass(frozen=True, slots=True)
class Material:
    """What was asked: by the readers, by the encoders that they were made from, and the turns once
    more with the message completed from the turn before in place of being read behind it."""

    asked: list[Asked]
    turns: list[TurnCase]
    as_they_are: list[Asked]
    completed: list[TurnCase]


class Completing(Ct2Encoder):
    """A reader that is used as encoders are that were not trained on conversations."""

    def load(self) -> None:
        """Load the model. Raises ModelError."""
        super().load()
        self.reads_context = False


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask, fit without each part, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the public sets")
    parser.add_argument("--every", type=int, default=_EVERY, help="ask one question in so many")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    settings = Settings()
    store = ModelStore(settings.cache_dir, settings.model_dir)
    material = gather(options.data, store, options.every)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    rows, turns = measure(material, console)
    companies = [world for kind in (AVERAGE, HARD) for world in read_worlds(WORLDS / kind)]
    result = {
        "one question in": options.every,
        "questions": {name: _count(material.asked, name) for name in _GROUPS},
        "rows": rows,
        "turns": turns,
        "two questions in one message": _apart(two_questions.count(companies)),
        "run": report.provenance(_SEED, [*sorted(WORLDS.rglob("*.jsonl")), SHOP, ENERGY]),
    }
    report.write(options.json, result)
    console.print(table(rows))
    console.print(turn_table(turns))


def gather(data: Path | None, store: ModelStore, every: int) -> Material:
    """Ask one question in ``every`` and all turns; this takes most of the time."""
    rng = random.Random(_SEED)
    worlds = [
        replace(world, asks=tuple(rng.sample(world.asks, len(world.asks) // every)))
        for world in all_worlds(data, WORLDS)
        if world.worded or world.source.startswith(_COMPANIES)
    ]
    asked, _ = ask_all(worlds, store, ENCODERS)
    earlier = _logit([one for one in asked if not one.worded], (), ENCODERS)
    few = [replace(world, turns=()) for world in worlds if not world.worded]
    as_they_are, _ = ask_all(few, store, _AS_THEY_ARE)
    talks = [replace(world, asks=()) for world in worlds if world.turns]
    _, turns = ask_all(talks, store, ENCODERS, earlier)
    _, completed = ask_all(talks, store, ENCODERS, earlier, Completing)
    return Material(asked, turns, as_they_are, completed)


def measure(
    material: Material, console: Console
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The figures of every part, and of every way to read a turn."""
    ways = {
        "alone and behind, its new words, and what was found before": material.turns,
        "… not what was found before": without_beside(_FOUND_BEFORE, material.turns),
        "… nor its new words": without_beside(BESIDE, material.turns),
        "only behind what was said": behind(material.turns),
        "only alone": alone(material.turns),
        "alone and completed, its new words, and what was found before": material.completed,
    }
    plain = [one for one in material.asked if not one.worded]
    jobs = [(part, plain) for part in parts()]
    jobs.append((Part("the training of the readers", list), material.as_they_are))
    if len(plain) < len(material.asked):
        jobs += [(part, material.asked) for part in worded_parts()]
    with Progress(console=console) as bar, ThreadPoolExecutor(os.cpu_count()) as threads:
        task = bar.add_task("fitting", total=len(jobs) + len(ways))

        def done(made: dict[str, Any]) -> dict[str, Any]:
            bar.advance(task)
            return made

        rows = threads.map(lambda job: done(row(*job)), jobs)
        weights = _folds(plain)
        read = threads.map(lambda way: done(turn_row(way, plain, ways[way], weights)), ways)
        return list(rows), list(read)


def row(part: Part, asked: Sequence[Asked]) -> dict[str, Any]:
    """The figures by group without a part."""

    def fitted(some: Sequence[Asked], turns: Sequence[TurnCase], encoders: Any) -> Calibration:
        return fit(some, turns, encoders, rescale=part.rescale, network=part.network)

    judged, _ = held_out(part.change(asked), (), ENCODERS, fitted)
    found: dict[str, Any] = {"without": part.name}
    worded = any(one.worded for one in asked)
    for name, belongs in _GROUPS.items():
        group = [pair for pair in judged if belongs(pair[0]) and pair[0].worded == worded]
        if group:
            found[name] = judge(group)
    return found


def _logit(
    asked: Sequence[Asked], turns: Sequence[TurnCase], encoders: tuple[str, str]
) -> Calibration:
    """Weights without networks."""
    return fit(asked, turns, encoders, network=False)


def _folds(asked: Sequence[Asked]) -> list[Calibration]:
    """The weights of each fold with everything in."""
    judged, _ = held_out(asked, (), ENCODERS, _logit)
    return list({id(weights): weights for _, weights in judged}.values())


def turn_row(
    way: str, asked: Sequence[Asked], turns: Sequence[TurnCase], weights: Sequence[Calibration]
) -> dict[str, Any]:
    """The figures by language of a way to read turns; ``weights`` as of :func:`_folds`."""
    folds = iter(weights)

    def fitted(_: Sequence[Asked], some: Sequence[TurnCase], __: Any) -> Calibration:
        return fit_turns(next(folds), some)

    _, judged = held_out(asked, turns, ENCODERS, fitted)
    by_lang = {
        lang: judge_turns([pair for pair in judged if pair[0].lang == lang])
        for lang in ("en", "zh")
    }
    return {"read": way, **by_lang}


def _count(asked: Sequence[Asked], group: str) -> list[int]:
    """Covered and uncovered questions of a group."""
    covered = [one.case.gold is not None for one in asked if _GROUPS[group](one)]
    return [sum(covered), len(covered) - sum(covered)]


def _apart(counts: Mapping[tuple[str, str, str], int]) -> dict[str, int]:
    """Of messages with two questions and with one: what answering parts apart does. Without it,
    none gets two answers."""
    found = dict.fromkeys(("asked", "both answers", "single asked", "single taken apart"), 0)
    for (_, kind, name), count in counts.items():
        if kind == "double" and name in found:
            found[name] += count
        elif kind != "double" and name in {"asked", "taken apart"}:
            found[f"single {name}"] += count
    return found


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Every part, by group."""
    made = Table("without", "of", *_SHOWN, title="Each part taken out")
    for one in rows:
        for name in _GROUPS:
            if name in one:
                made.add_row(one["without"], name, *(f"{one[name][key]:.3f}" for key in _SHOWN))
        made.add_section()
    return made


def turn_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Every way to read a turn, by language."""
    names = list(rows[0]["en"])
    made = Table("read", "lang", *names, title="Later turns")
    for one in rows:
        for lang in ("en", "zh"):
            made.add_row(one["read"], lang, *(f"{one[lang][name]:.3f}" for name in names))
    return made


if __name__ == "__main__":
    main()
