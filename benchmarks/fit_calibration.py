"""Fit the weights of retrieval's calibration and write them to ``retrieval/data``.

``python -m benchmarks.fit_calibration [--data DIR] [--worlds DIR] [--out FILE]``

Uses training data alone, and none that the shipped models were trained on but for the label sets
(see :mod:`benchmarks.calibration_worlds`). For the report every family of sources is held out once
and judged by weights fitted on the others; the written weights are fitted on all.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks import choice_model
from benchmarks.calibration_worlds import World, all_worlds
from benchmarks.choice_model import Case
from benchmarks.network_model import with_network
from benchmarks.turn_model import TurnCase, fit_turns, judge_turns
from retrieval.calibration import DEFAULT_FILE, Calibration, shares
from retrieval.encoder import open_encoder
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.types import Encoder
from web.evaluation import metrics
from web.settings import Settings

WORLDS = Path(__file__).parent / "data" / "worlds" / "fitting"
ENCODERS = ("reader-en", "reader-multi")
_FOLDS = 5

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a source, ready for fitting; ``usual`` and ``worded`` as its world is."""

    source: str
    kind: str
    case: Case
    usual: bool = False
    worded: bool = False


#: The English and the multilingual one: names of the model store, or encoders.
Encoders = tuple[str | Encoder, str | Encoder]
#: Weights from questions and turns, for the encoders named.
Fit = Callable[[Sequence[Asked], Sequence[TurnCase], tuple[str, str]], Calibration]
#: Everything that was asked, with the weights that it is to be judged by.
Judged = tuple[list[tuple[Asked, Calibration]], list[tuple[TurnCase, Calibration]]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the worlds, fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the public sets")
    parser.add_argument("--worlds", type=Path, default=WORLDS, help="companies to fit on")
    parser.add_argument("--out", type=Path, default=DEFAULT_FILE)
    parser.add_argument("--encoder-en", default=ENCODERS[0])
    parser.add_argument("--encoder-multi", default=ENCODERS[1])
    options = parser.parse_args(arguments)
    encoders = (options.encoder_en, options.encoder_multi)
    settings = Settings()
    store = ModelStore(settings.cache_dir, settings.model_dir)
    worlds = list(all_worlds(options.data, options.worlds))
    asked, _ = ask_all(worlds, store, encoders)
    # What earlier turns found can be told only when questions can be judged.
    talks = [replace(world, asks=()) for world in worlds if world.turns]
    weights = fit(asked, [], encoders)
    _, turns = ask_all(talks, store, encoders, weights)
    report = cross_validate(asked, turns, encoders)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in asked:
        counts[one.source][0 if one.case.gold is not None else 1] += 1
    notes = {
        "questions (covered, not covered)": dict(counts),
        "each source judged by weights fitted on the others": report,
    }
    with_turns(weights, asked, turns).write(options.out, notes)
    print(f"{len(asked)} questions, {len(turns)} turns; written to {options.out}")


def ask_all(
    worlds: Sequence[World],
    store: ModelStore,
    encoders: tuple[str, str],
    earlier: Calibration | None = None,
    opened: Callable[[str, ModelStore], Encoder] = open_encoder,
) -> tuple[list[Asked], list[TurnCase]]:
    """Ask every question of every world and keep the candidates' features; the turns too where
    ``earlier`` can judge what those before them found. Each thread has encoders of its own, which
    it loads once."""
    own = threading.local()

    def asked_of(world: World) -> list[Asked | TurnCase]:
        if not hasattr(own, "encoders"):
            own.encoders = tuple(opened(name, store) for name in encoders)
        return list(cases_of(world, store, own.encoders, earlier))

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        made = threads.map(asked_of, worlds)
        every = [one for some in track(made, "worlds asked", len(worlds)) for one in some]
    return (
        [one for one in every if isinstance(one, Asked)],
        [one for one in every if isinstance(one, TurnCase)],
    )


def cases_of(
    world: World,
    store: ModelStore,
    encoders: Encoders = ENCODERS,
    earlier: Calibration | None = None,
) -> Iterator[Asked | TurnCase]:
    """The questions of one world, and with ``earlier`` its turns."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = (one if isinstance(one, str) else one.name for one in encoders)
        weights = earlier or Calibration((first, second), {}, {})
        retriever = HybridRetriever(store, Path(folder), *encoders, calibration=weights)
        retriever.load()
        retriever.replace_all(world.entries)
        retriever.settle()
        families = {entry.id: entry.translation_of or entry.id for entry in world.entries}
        for ask in world.asks:
            found = retriever.candidates(ask.text, ask.lang)
            case = Case.of(world.source, ask.lang, found, families, ask.gold)
            yield Asked(world.source, ask.kind, case, world.usual, world.worded)
        for ask in world.turns if earlier else ():
            turn = retriever.turn(ask.text, ask.lang, ask.history)
            yield TurnCase.of(world.source, ask.kind, ask.lang, turn, ask.gold)


def fit(
    asked: Sequence[Asked],
    turns: Sequence[TurnCase],
    encoders: tuple[str, str] = ENCODERS,
    *,
    rescale: bool = True,
    network: bool = True,
) -> Calibration:
    """Fit the weights on all that was asked of entries with few phrasings, then how sure they are
    on the usual alone; last, those of entries with many, and how a turn is read.

    What is written to be hard, or asked of a base with a third taken out, teaches what to look at;
    but there most questions go wrong, and a probability must hold where customers ask.
    """
    plain = [one.case for one in asked if not one.worded]
    weights = Calibration(encoders, *choice_model.fit(plain))
    if network:
        weights = with_network(weights, plain)
    usual = [one.case for one in asked if one.usual]
    if usual and rescale:
        weights = choice_model.rescaled(weights, usual)
    worded = [one.case for one in asked if one.worded]
    if worded:
        weights = choice_model.with_worded(weights, worded)
    return with_turns(weights, asked, turns)


def with_turns(
    weights: Calibration, asked: Sequence[Asked], turns: Sequence[TurnCase]
) -> Calibration:
    """``weights`` with those of turns, as sure as the usual sources of ``asked`` say."""
    sources = {one.source for one in asked if one.usual}
    return fit_turns(weights, turns, sources) if turns else weights


def cross_validate(
    asked: Sequence[Asked], turns: Sequence[TurnCase], encoders: tuple[str, str]
) -> dict[str, dict[str, float]]:
    """Hold out each fifth of the families once; print and return how the others' weights do."""
    questions, in_turn = held_out(asked, turns, encoders)
    judged: dict[str, list[tuple[Asked, Calibration]]] = defaultdict(list)
    for one, weights in questions:
        name = f"{one.source}, all phrasings" if one.worded else one.source
        judged[name].append((one, weights))
    report = {}
    for source, pairs in sorted(judged.items()):
        report[source] = judge(pairs)
        print(f"{source:22s}", report[source])
    everything = [pair for pairs in judged.values() for pair in pairs if not pair[0].worded]
    report["all"] = judge(everything)
    print(f"{'all':22s}", report["all"])
    for lang in ("en", "zh"):
        name = f"whole bases of average companies, {lang}"
        usual = [pair for pair in everything if pair[0].usual and f"-{lang}-" in pair[0].source]
        if usual:
            report[name] = judge(usual)
            print(f"{name:22s}", report[name])
        name = f"turns, {lang}"
        report[name] = dict(judge_turns([pair for pair in in_turn if pair[0].lang == lang]))
        print(f"{name:22s}", report[name])
    return report


def held_out(
    asked: Sequence[Asked],
    turns: Sequence[TurnCase],
    encoders: tuple[str, str],
    fitted: Fit = fit,
) -> Judged:
    """Everything with weights ``fitted`` on the other four fifths of the families."""
    families = sorted({_family(one) for one in asked})
    questions: list[tuple[Asked, Calibration]] = []
    in_turn: list[tuple[TurnCase, Calibration]] = []
    for fold in range(min(_FOLDS, len(families))):
        out = set(families[fold::_FOLDS])
        weights = fitted(
            [one for one in asked if _family(one) not in out],
            [one for one in turns if _family(one) not in out],
            encoders,
        )
        questions += [(one, weights) for one in asked if _family(one) in out]
        in_turn += [(one, weights) for one in turns if _family(one) in out]
    return questions, in_turn


def _family(one: Asked | TurnCase) -> str:
    """Sources that share their texts: a company of its own, or all parts of a set."""
    first, _, rest = one.source.partition("-")
    return rest if first == "company" else first


def probabilities(case: Case, weights: Calibration) -> tuple[Array, int]:
    """Probability of each choice, and the number of the best."""
    utilities, none = weights.both(case.found, case.lang)
    best = case.best(utilities)
    return shares(best, none), int(best.argmax()) if len(best) else -1


def judge(judged: Sequence[tuple[Asked, Calibration]]) -> dict[str, float]:
    """Of the covered hit@1 and right at p >= 0.5, of the uncovered silent below it; AUROC, ECE."""
    tops, hits, covered, near = [], [], [], []
    for one, weights in judged:
        p, best = probabilities(one.case, weights)
        tops.append(float(p.max()) if len(p) else 0.0)
        hits.append(best >= 0 and best == one.case.gold)
        covered.append(one.case.gold is not None)
        near.append(one.kind != "far")
    top, hit, cover, close = (np.array(x) for x in (tops, hits, covered, near))
    figures = {
        "hit@1": hit[cover].mean(),
        "right": (hit & (top >= 0.5))[cover].mean(),
        "silent": (top < 0.5)[~cover].mean(),
        "right at 85 % silent": (hit & (top > np.quantile(top[~cover], 0.85)))[cover].mean(),
        "auroc": metrics.auroc(top[cover].tolist(), top[~cover].tolist()),
        "auroc near": metrics.auroc(top[cover].tolist(), top[~cover & close].tolist()),
        "ece": metrics.calibration_error(top.tolist(), hit.tolist()),
    }
    return {name: float("nan") if v is None else round(float(v), 3) for name, v in figures.items()}


if __name__ == "__main__":
    main()
