"""The command: read sets, ask every arm, print a table, write summary and predictions."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import report
from benchmarks.answer_quality.arms import Arm, arms
from benchmarks.answer_quality.scores import Prediction, as_asked, figures, thresholds
from benchmarks.answer_quality.sets import NAMES, file_of, read_rows, read_set
from benchmarks.answer_quality.trials import Trial, trials_of
from retrieval.errors import RetrievalError
from retrieval.models import ModelStore
from web.evaluation.summary import summarise
from web.settings import Settings

_SEED = 1
_OURS = "grapevine"
_WIDE = 120
_COLUMNS = ("hit@1", "in-scope accuracy", "out-of-scope recall", "mcc", "auroc", "ms")


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask, judge, print, write."""
    options = _options(arguments)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    try:
        trials = _trials(options)
    except RetrievalError as error:
        raise SystemExit(str(error)) from error
    settings = Settings()
    store = ModelStore(settings.cache_dir, settings.model_dir)
    chosen = arms(store, stock_rasa=options.stock_rasa)
    found = {
        name: _predictions(trials, name, arm, console)
        for name, arm in chosen.items()
        if not options.arm or name in options.arm
    }
    result = {name: _judged(found, trials, name) for name in dict.fromkeys(t.name for t in trials)}
    console.print(_table(result))
    files = [path for name in result if (path := file_of(name, options.data)) is not None]
    run = report.provenance(_SEED, [*files, *(path for _, path in options.test)])
    report.write(options.json, {"sets": result, "run": run})


def _trials(options: argparse.Namespace) -> list[Trial]:
    tests = dict(options.test)
    trials = []
    for name in options.sets or NAMES:
        found = read_set(name, options.data)
        if found is None:
            if name in tests:
                raise RetrievalError(f"the training file of {name} is needed too: give --data DIR")
            continue
        test = read_rows(name, tests[name]) if name in tests else None
        trials += trials_of(found, test, _SEED)
    return trials


def _predictions(
    trials: Iterable[Trial], name: str, arm: Arm, console: Console
) -> list[Prediction]:
    trials = list(trials)
    made = []
    with Progress(console=console) as bar:
        task = bar.add_task(name, total=sum(len(trial.rows) for trial in trials))
        for trial in trials:
            with arm(trial.entries) as ask:
                for row in trial.rows:
                    started = time.perf_counter()
                    ranking = tuple(ask(row))
                    seconds = time.perf_counter() - started
                    made.append(Prediction(trial.name, trial.part, row, ranking, seconds))
                    bar.advance(task)
    return made


def _judged(
    found: Mapping[str, Sequence[Prediction]], trials: Sequence[Trial], name: str
) -> dict[str, Any]:
    """Figures of one set by arm; of this product the whole summary and every prediction too."""
    reported = {(t.name, t.part) for t in trials if t.name == name and t.reported}
    body: dict[str, Any] = {"parts": sorted(part for _, part in reported), "arms": {}}
    for arm, predictions in found.items():
        limits = thresholds(predictions)
        mine = [one for one in predictions if (one.set_name, one.part) in reported]
        body["arms"][arm] = figures(mine, limits)
        body["arms"][arm]["predictions"] = [
            {
                "part": one.part,
                "text": one.row.text,
                "expect": list(one.expected),
                "given": one.top[0] if one.top[1] >= limits[name, one.part] else None,
                "ranking": [[key, round(score, 4)] for key, score in one.ranking],
            }
            for one in mine
        ]
        if arm == _OURS:
            body["summary"] = summarise([as_asked(one) for one in mine])
    return body


def _table(result: Mapping[str, Any]) -> Table:
    table = Table("set", "arm", "questions", *_COLUMNS, title="Answer quality")
    for name, body in result.items():
        for arm, row in body["arms"].items():
            counts = f"{row['covered']} + {row['uncovered']}"
            cells = ["–" if row[key] is None else f"{row[key]:.3f}" for key in _COLUMNS[:-1]]
            table.add_row(name, arm, counts, *cells, f"{row['ms']:.1f}")
        table.add_section()
    return table


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answer_quality")
    parser.add_argument("--data", type=Path, help="folder of the public sets")
    parser.add_argument(
        "--test", type=_named_file, action="append", default=[], metavar="NAME=FILE",
        help="ask the questions of FILE, laid out like the training file of the set",
    )  # fmt: skip
    parser.add_argument("--sets", nargs="+", choices=NAMES, help="these sets alone")
    parser.add_argument("--arm", nargs="+", help="these arms alone")
    parser.add_argument("--stock-rasa", action="store_true", help="train stock Rasa too (long)")
    parser.add_argument("--json", type=Path, help="write figures and predictions here")
    return parser.parse_args(arguments)


def _named_file(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if name not in NAMES or not path:
        raise argparse.ArgumentTypeError(f"NAME=FILE is wanted, NAME one of {', '.join(NAMES)}")
    return name, Path(path)


if __name__ == "__main__":
    main()
