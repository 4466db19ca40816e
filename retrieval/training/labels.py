"""Worlds made of public sets of labelled questions: a label is an entry without an answer."""

from __future__ import annotations

import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from retrieval.training.worlds import Ask, World
from retrieval.types import Entry

_LABELS, _SHOWN, _ASKED, _LEAST = 50, 3, 2, 4
#: Sets as tables, by name: the file under the data folder, its column of texts and of labels.
LABELLED = {
    "banking77": ("banking77/train.csv", "text", "category"),
    **{
        f"hint3-{bot}": (f"hint3/{bot}_train.csv", "sentence", "label")
        for bot in ("curekart", "powerplay11", "sofmattress")
    },
}
CLINC = "clinc150/train_val.json"


def label_worlds(data: Path, count: int, seed: int) -> Iterator[World]:
    """``count`` worlds of fifty labels each, from BANKING77, CLINC150 and HINT3 under ``data``.

    Raises OSError where a file is missing.
    """
    rng = random.Random(seed)  # noqa: S311 - a choice of questions
    sets = [*label_sets(data), ("clinc150", clinc150(data)[0])]
    for number in range(count):
        name, groups = rng.choice(sets)
        entries, asks = [], []
        for label in rng.sample(sorted(groups), min(_LABELS, len(groups))):
            texts = rng.sample(groups[label], min(len(groups[label]), _SHOWN + _ASKED))
            shown = rng.randint(1, min(_SHOWN, len(texts) - 1))
            entries.append(Entry(label, 1, "en", texts[0], "", tuple(texts[1:shown])))
            asks += [Ask(t, (label,), "label", "en") for t in texts[shown : shown + _ASKED]]
        yield World(f"en-{name}-{number}", "en", tuple(entries), tuple(asks))


def label_sets(data: Path, least: int = _LEAST) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """BANKING77 and the bots of HINT3: questions by label, of labels with ``least`` or more."""
    for name, (path, *columns) in LABELLED.items():
        groups: dict[str, list[str]] = defaultdict(list)
        for text, label in labelled_rows(data / path, *columns):
            groups[label].append(text)
        yield name, {label: texts for label, texts in groups.items() if len(texts) >= least}


def labelled_rows(path: Path, text: str, label: str) -> Iterator[tuple[str, str]]:
    """Texts and labels of a table with these columns. Raises OSError, KeyError."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            yield row[text], row[label]


def clinc150(data: Path) -> tuple[dict[str, list[str]], list[str]]:
    """CLINC150's training questions by label, and those that are out of scope."""
    raw = json.loads((data / CLINC).read_text(encoding="utf-8"))
    groups: dict[str, list[str]] = defaultdict(list)
    for text, label in raw["train"]:
        groups[label].append(text)
    return dict(groups), [text for text, _ in raw.get("oos_train", ())]
