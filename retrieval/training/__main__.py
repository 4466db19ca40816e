"""``python -m retrieval.training en|multi --worlds DIR --work DIR --out DIR``.

Trains one of the two readers that the product ships. Stopped in between, the same command goes on
from its checkpoint in ``--work``; it is done when ``--out`` holds the model's folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from rich.console import Console

from retrieval.models.registry import SHIPPED
from retrieval.training import starting
from retrieval.training.course import Course, Schedule
from retrieval.training.distil import distil
from retrieval.training.export import export
from retrieval.training.labels import label_worlds
from retrieval.training.progress import progress
from retrieval.training.reader import Reader
from retrieval.training.worlds import Ask, World, read_worlds

#: As many worlds are made of public label sets.
_LABEL_WORLDS = 8
NAMES = {"en": "reader-en", "multi": "reader-multi"}
#: Passes of embedding; the multilingual reader has learnt from its teacher already.
_EMBEDDING = {"en": 2, "multi": 1}
_LICENCES = {"en": "Apache-2.0", "multi": "MIT"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and export."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    worlds = [w for folder in options.worlds for w in read_worlds(folder)]
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    labels = (
        list(label_worlds(options.labels, _LABEL_WORLDS, options.seed)) if options.labels else []
    )
    texts = _texts([*worlds, *labels])
    if options.reader == "en":
        worlds += labels
    start = starting.english() if options.reader == "en" else _small(texts, work, options)
    reader = Reader(start)
    embedding = _EMBEDDING[options.reader] if options.embedding is None else options.embedding
    schedule = Schedule(embedding, options.interaction, options.rate, options.seed)
    with progress() as tell:

        def report(phase: str, number: int, step: int, steps: int, loss: float) -> None:
            tell(f"{phase}, pass {number + 1}, loss {loss:.2f}", step, steps)

        asks_of = _english if options.reader == "en" else _not_english
        checkpoint = work / f"{options.reader}.checkpoint"
        Course(reader, worlds, asks_of, schedule, checkpoint, report).run()
    reader.eval()
    name = NAMES[options.reader]
    languages = ("en",) if options.reader == "en" else ("en", "zh", "multi")
    export(reader, start, name, languages, _LICENCES[options.reader], options.out)
    Console().print(f"written to {options.out / name}")


def _small(texts: Sequence[str], work: Path, options: argparse.Namespace) -> starting.Start:
    """The multilingual model with half of its layers, distilled once and kept with its vocabulary:
    a training that goes on after worlds were added still reads the same pieces."""
    kept = work / "multi.start"
    if not kept.is_file():
        teacher = Reader(starting.multilingual(texts))
        start = starting.multilingual(texts, starting.KEPT_LAYERS)
        with progress() as tell:
            distil(teacher, Reader(start), texts, options.seed, partial(tell, "distilling"))
        starting.keep(start, kept)
    return starting.kept(kept)


def _texts(worlds: Sequence[World]) -> list[str]:
    found: dict[str, None] = {}
    for world in worlds:
        for entry in world.entries:
            found.update(dict.fromkeys((entry.question, *entry.alternatives, entry.answer)))
        found.update(dict.fromkeys(ask.text for ask in world.asks))
    return list(found)


def _english(world: World) -> list[Ask]:
    return [ask for ask in world.asks if world.lang == "en" == ask.lang]


def _not_english(world: World) -> list[Ask]:
    return [ask for ask in world.asks if not world.lang == "en" == ask.lang]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m retrieval.training", description=__doc__)
    parser.add_argument("reader", choices=sorted(NAMES), help="English, or English and Chinese")
    parser.add_argument("--worlds", type=Path, nargs="+", required=True, help="folders of worlds")
    parser.add_argument("--labels", type=Path, help="folder of BANKING77, CLINC150 and HINT3")
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder of shipped models")
    parser.add_argument("--embedding", type=int, help="passes of embedding (en 2, multi 1)")
    parser.add_argument("--interaction", type=int, default=3, help="passes with every token")
    parser.add_argument("--rate", type=float, default=8e-5, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
