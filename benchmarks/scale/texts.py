"""Real texts, and bases of any size made of them.

What ships: the entries and questions of the training companies. With ``--data`` also posts and
questions of public sets. The messages that are searched for are questions to other companies.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks.report import ROOT
from retrieval.training.worlds import read_worlds
from retrieval.types import Entry

WORLDS = ROOT / "benchmarks" / "data" / "worlds"
_ASKING = ("fitting/average", "fitting/hard", "validation")
_TABLES = (
    ("banking77/train.csv", "text"),
    ("airline_sentiment/train.csv", "text"),
    ("twcs/spotify_requests.csv", "text"),
    ("twcs/threads_train.csv", "text"),
)
_LINES = tuple(f"tweeteval/{name}/train_text.txt" for name in ("emotion", "irony"))
_LEAST_WORDS = 4


def messages(seed: int) -> list[str]:
    """English questions to companies that no base here holds, mixed."""
    worlds = [world for folder in _ASKING for world in read_worlds(WORLDS / folder)]
    found = [a.text for world in worlds for a in world.asks if a.lang == "en" and not a.history]
    random.Random(seed).shuffle(found)
    return found


def texts(data: Path | None) -> list[str]:
    """Distinct English texts: every phrasing and question of the training companies, and posts."""
    found: dict[str, None] = {}
    for world in read_worlds(WORLDS / "training"):
        if world.lang == "en":
            for entry in world.entries:
                found.update(dict.fromkeys((entry.question, *entry.alternatives, entry.answer)))
            found.update((ask.text, None) for ask in world.asks if ask.lang == "en")
    if data is not None:
        found.update(dict.fromkeys(_posts(data)))
    return list(found)


def entries(number: int, data: Path | None, seed: int) -> list[Entry]:
    """``number`` English entries with one alternative each: those of the training companies, then
    texts paired with others, and, once every text has been a question, halves of two joined."""
    made = [
        Entry(f"{world.name}/{e.id}", 1, "en", e.question, e.answer, e.alternatives)
        for world in read_worlds(WORLDS / "training")
        if world.lang == "en"
        for e in world.entries
    ]
    pool = texts(data)
    made += _made_up(pool, number - len(made), random.Random(seed))
    return made[:number]


def files(data: Path | None) -> list[Path]:
    """The files that the texts come from."""
    found = sorted((WORLDS / "training").glob("en-*.jsonl"))
    if data is not None:
        names = [*(name for name, _ in _TABLES), *_LINES, "clinc150/train_val.json"]
        found += [data / name for name in names]
    return found


def _made_up(pool: list[str], number: int, rng: random.Random) -> Iterator[Entry]:
    order = rng.sample(pool, len(pool))
    for n in count():
        if n >= number:
            return
        question = order[n] if n < len(order) else _joined(*rng.sample(pool, 2))
        answer = " ".join(rng.sample(pool, 2))
        yield Entry(f"text/{n}", 1, "en", question, answer, (_joined(question, rng.choice(pool)),))


def _joined(first: str, second: str) -> str:
    head, tail = first.split(), second.split()
    return " ".join([*head[: (len(head) + 1) // 2], *tail[len(tail) // 2 :]])


def _posts(data: Path) -> Iterator[str]:
    for name, column in _TABLES:
        with (data / name).open(encoding="utf-8-sig", newline="") as stream:
            yield from _worth(row[column] or "" for row in csv.DictReader(stream))
    for name in _LINES:
        yield from _worth((data / name).read_text("utf-8").splitlines())
    rows = json.loads((data / "clinc150/train_val.json").read_text("utf-8"))
    yield from _worth(text for text, _ in rows["train"])


def _worth(found: Iterator[str] | list[str]) -> Iterator[str]:
    for text in found:
        line = " ".join(text.split())
        if len(line.split()) >= _LEAST_WORDS:
            yield line
