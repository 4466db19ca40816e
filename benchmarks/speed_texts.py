"""The bases that speed is measured on, and the messages that are asked of them.

All of it is what ships: entries and questions of the invented companies. The large base is made of
the companies that the readers were trained on; what is asked comes from the other ones.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from benchmarks.calibration_worlds import AVERAGE, HARD
from retrieval.training.worlds import Ask, World, read_worlds
from retrieval.types import Entry, Lang

WORLDS = Path(__file__).parent / "data" / "worlds"
LARGE = 10_000
#: Lengths in the reader's tokens, its frame included: the longest of the first two kinds.
SHORT, MIDDLE = 20, 60

Length = Literal["up to 20", "21 to 60", "over 60"]
LENGTHS: tuple[Length, ...] = ("up to 20", "21 to 60", "over 60")

#: Single questions in the company's own language, as they are asked; two in one are among them.
_ASKED = ("terse", "slang", "story", "paraphrase", "near", "far", "double")
#: Of an entry's questions these become entries of their own: the question and its alternative.
_FURTHER = (("paraphrase", "terse"), ("story", "slang"))


@dataclass(frozen=True, slots=True)
class Message:
    """What is asked, behind what."""

    text: str
    history: tuple[str, ...]


def small_base(lang: Lang) -> list[Entry]:
    """The 60 entries of the validation company of a language."""
    return [entry for world in _worlds("validation", lang) for entry in world.entries]


def large_base(lang: Lang) -> list[Entry]:
    """LARGE entries: those of all training companies, then what else their customers asked, each
    with the answer of the entry that it belongs to."""
    worlds = _worlds("training", lang)
    found = [_named(world, entry) for world in worlds for entry in world.entries]
    for question, alternative in _FURTHER:
        for world in worlds:
            found += _further(world, question, alternative)
    return found[:LARGE]


def messages(
    lang: Lang, tokens: Callable[[str], int], count: int, rng: random.Random
) -> dict[Length, list[Message]]:
    """``count`` messages of each length; ``tokens`` counts those of a text.

    Behind them stand the turns before them where they are later turns of a conversation, which
    half of the short ones are, else two other questions of the same company. Where too few
    stories are long enough, two of one company are told in one message.
    """
    found: dict[Length, list[Message]] = defaultdict(list)
    turns: list[Message] = []
    for world in _worlds(f"fitting/{AVERAGE}", lang) + _worlds(f"fitting/{HARD}", lang):
        texts = [ask.text for ask in world.asks if ask.kind in _ASKED and ask.lang == lang]
        for text in texts:
            before = tuple(rng.sample(texts, 2))
            found[length_of(tokens(text))].append(Message(text, before))
        for text in _joined(world, rng):
            if length_of(tokens(text)) == LENGTHS[-1]:
                found[LENGTHS[-1]].append(Message(text, tuple(rng.sample(texts, 2))))
        later = [ask for ask in world.asks if ask.history and tokens(ask.text) <= SHORT]
        turns += [Message(ask.text, ask.history) for ask in later]
    chosen = {length: rng.sample(found[length], count) for length in LENGTHS}
    half = count // 2
    chosen[LENGTHS[0]][:half] = rng.sample(turns, half)
    return chosen


def length_of(tokens: int) -> Length:
    """Which length so many tokens are."""
    return LENGTHS[(tokens > SHORT) + (tokens > MIDDLE)]


def _worlds(folder: str, lang: Lang) -> list[World]:
    return [world for world in read_worlds(WORLDS / folder) if world.lang == lang]


def _named(world: World, entry: Entry) -> Entry:
    return replace(entry, id=f"{world.name}/{entry.id}")


def _further(world: World, question: str, alternative: str) -> Iterator[Entry]:
    by_entry: dict[str, dict[str, Ask]] = defaultdict(dict)
    for ask in world.asks:
        if len(ask.gold) == 1 and ask.lang == world.lang:
            by_entry[ask.gold[0]].setdefault(ask.kind, ask)
    for entry in world.entries:
        asks = by_entry[entry.id]
        if question in asks and alternative in asks:
            yield replace(
                _named(world, entry),
                id=f"{world.name}/{entry.id}/{question}",
                question=asks[question].text,
                alternatives=(asks[alternative].text,),
            )


def _joined(world: World, rng: random.Random) -> Iterator[str]:
    stories = [ask.text for ask in world.asks if ask.kind == "story" and ask.lang == world.lang]
    order: Sequence[str] = rng.sample(stories, len(stories))
    for first, second in zip(order[::2], order[1::2], strict=False):
        yield f"{first} {second}"
