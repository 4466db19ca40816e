"""Small worlds for fitting calibration: a knowledge base and questions whose answers are known.

Every world comes from training data alone. A phrasing that is asked is never in the base
(leave-one-phrasing-out), and in most worlds a third of the entries is taken out, so that their
questions become near misses: on the topic, and not covered.
"""

from __future__ import annotations

import json
import random
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retrieval.text import STOPWORDS
from retrieval.training import worlds as training
from retrieval.training.labels import clinc150, label_sets
from retrieval.training.worlds import read_worlds
from retrieval.types import Entry, Lang

SHOP = Path(__file__).parent / "data" / "calibration_shop.jsonl"
ENERGY = SHOP.with_name("calibration_energy.jsonl")
#: Folders of companies: with questions as customers write on average, and written to be hard.
AVERAGE, HARD = "average", "hard"
_OUT = 0.34
_CHANGES = 60
_ASKED_OF_WORDED, _OUT_OF_WORDED, _FAR_OF_WORDED = 600, 5, 60
#: Questions of companies that are no single questions with one answer.
_APART = ("turn", "double")
_PLACEHOLDER = "-"
#: Languages of a company's base and questions; in "cross" every entry has one of the two.
_LANGS_OF: dict[str, tuple[Lang, ...]] = {
    "en": ("en",), "zh": ("zh",), "both": ("en", "zh"), "cross": (),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """A question and the ids that answer it; none where it is not covered. ``kind`` as in the
    world's file, "near" or "" elsewhere; ``history`` is what was said before it."""

    text: str
    gold: frozenset[str]
    lang: Lang
    kind: str = ""
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """A base, its questions, and the set they come from. ``usual``: a whole base with questions
    as customers write on average; ``worded``: one whose entries have many phrasings. ``turns``
    are questions that follow others."""

    source: str
    entries: tuple[Entry, ...]
    asks: tuple[Ask, ...]
    usual: bool = False
    turns: tuple[Ask, ...] = ()
    worded: bool = False


def all_worlds(data: Path | None, companies: Path, seed: int = 1) -> Iterator[World]:
    """Every world that can be built: the companies' always, the public sets' where ``data`` is."""
    rng = random.Random(seed)
    for company in read_worlds(companies / AVERAGE):
        whole, part = whole_and_part(company, rng)
        yield from (replace(whole, usual=True), part)
    for company in read_worlds(companies / HARD):
        yield from whole_and_part(company, rng)
    stories: dict[Lang, list[str]] = {"en": [], "zh": []}
    if data is not None:
        stories = {"en": stories_of(data, "en"), "zh": stories_of(data, "zh")}
        yield from worded_worlds(data, rng)
    for world in _plain_worlds(data, rng):
        # The Chinese stories are CrossWOZ's own answers: they would name what is asked for there.
        told_here = stories if world.source != "crosswoz" else {"en": [], "zh": []}
        asks = [told(ask, told_here[ask.lang], rng) for ask in world.asks]
        yield replace(world, asks=tuple(asks))


def _plain_worlds(data: Path | None, rng: random.Random) -> Iterator[World]:
    yield from shop_worlds(rng)
    yield from energy_worlds(rng)
    if data is None:
        return
    yield from _stackfaq(data, rng)
    for source, groups in label_sets(data, least=5):
        for _ in range(2):
            yield _from_groups(source, groups, rng)
    yield from _clinc(data, rng)
    yield _from_groups("crosswoz", crosswoz_groups(data), rng, lang="zh")
    yield _from_groups("crosswoz", crosswoz_groups(data), rng, lang="zh")


def whole_and_part(world: training.World, rng: random.Random) -> Iterator[World]:
    """A company's base as it is, and with a third of its entries taken out."""
    source = f"company-{world.name}"
    for share in (0.0, _OUT):
        out = set(rng.sample([e.id for e in world.entries], int(len(world.entries) * share)))
        asks = []
        for ask in world.asks:
            if ask.kind in _APART:
                continue
            gold = sorted(set(ask.gold) - out)
            if share and gold == sorted(ask.gold):
                continue  # asked of the whole base already
            # An ambiguous question is answered by either of two: half of the time by each.
            asks.append(
                Ask(ask.text, frozenset(rng.sample(gold, min(1, len(gold)))), ask.lang, ask.kind)
            )
        kept = tuple(entry for entry in world.entries if entry.id not in out)
        turns = () if share else (*_turns(world), *_topic_changes(asks, rng))
        yield World(source, kept, tuple(asks), turns=turns)


def _turns(world: training.World) -> Iterator[Ask]:
    """The later turns of a company's conversations."""
    for ask in world.asks:
        if ask.history:
            yield Ask(ask.text, frozenset(ask.gold), ask.lang, ask.kind, ask.history)


def _topic_changes(asks: Sequence[Ask], rng: random.Random) -> Iterator[Ask]:
    """Questions that follow one that has nothing to do with them."""
    for ask, other in zip(rng.sample(asks, _CHANGES), rng.sample(asks, _CHANGES), strict=True):
        if ask.lang == other.lang and not ask.gold & other.gold:
            yield replace(ask, kind="change", history=(other.text,))


def worded_worlds(data: Path, rng: random.Random) -> Iterator[World]:
    """The public sets with all their phrasings but those asked; every sixth label is not in the
    base, and questions of the other sets are far ones."""
    clinc, outside = clinc150(data)
    sets = [*label_sets(data, least=5), ("clinc150", clinc)]
    for source, groups in sets:
        labels = rng.sample(sorted(groups), len(groups))
        out = set(labels[:: 1 + _OUT_OF_WORDED])
        each = max(1, _ASKED_OF_WORDED // len(labels))
        entries, asks = [], []
        for label in labels:
            texts = rng.sample(groups[label], len(groups[label]))
            count = min(each, max(1, len(texts) // 5))
            gold = frozenset() if label in out else frozenset([label])
            asks += [Ask(vary(text, rng), gold, "en") for text in texts[:count]]
            if label not in out:
                known = texts[count:]
                entries.append(Entry(label, 1, "en", known[0], _PLACEHOLDER, tuple(known[1:])))
        far = [t for name, some in sets if name != source for ts in some.values() for t in ts[:1]]
        far = rng.sample(far, _FAR_OF_WORDED) + (outside if source == "clinc150" else [])
        asks += [Ask(text, frozenset(), "en", "far") for text in far]
        yield World(source, tuple(entries), tuple(asks), worded=True)


def shop_worlds(rng: random.Random) -> Iterator[World]:
    """The bilingual shop: each language alone, both together, and only the other language."""
    plan = ("shop-en", "shop-en", "shop-zh", "shop-zh", "shop-zh", "shop-both", "shop-cross")
    return _company_worlds(SHOP, plan, rng)


def energy_worlds(rng: random.Random) -> Iterator[World]:
    """The supplier of electricity: stories, slang, and questions near to and far from its base."""
    plan = ("energy-en", "energy-en", "energy-zh", "energy-zh", "energy-both")
    return _company_worlds(ENERGY, plan, rng)


def _company_worlds(path: Path, plan: Sequence[str], rng: random.Random) -> Iterator[World]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [row for row in rows if "id" in row]
    uncovered = {
        row["lang"]: row["uncovered"] + row.get("far", []) for row in rows if "uncovered" in row
    }
    for source in plan:
        kind = source.partition("-")[2]
        langs = _LANGS_OF[kind]
        topics = sorted({_topic(row) for row in pairs})
        out = set(rng.sample(topics, int(len(topics) * _OUT)))
        cross: dict[str, str] = {t: rng.choice(["en", "zh"]) for t in topics}
        kept = [
            row
            for row in pairs
            if _topic(row) not in out and row["lang"] in (langs or (cross[_topic(row)],))
        ]
        asked: Sequence[Lang] = langs or ("en", "zh")
        asks = list(_company_asks(pairs, kept, asked))
        asks += [Ask(text, frozenset(), lang) for lang in asked for text in uncovered[lang]]
        yield World(source, tuple(_entry(row) for row in kept), tuple(asks))


def _company_asks(
    pairs: Sequence[dict[str, Any]], kept: Sequence[dict[str, Any]], asked: Sequence[str]
) -> Iterator[Ask]:
    """The questions of every entry, and the questions themselves of those taken out."""
    there = {_topic(row) for row in kept}
    for row in pairs:
        if row["lang"] not in asked:
            continue
        gold = frozenset(k["id"] for k in kept if _topic(k) == _topic(row))
        for text in row["asks"]:
            yield Ask(text, gold, row["lang"])
        if _topic(row) not in there:
            yield Ask(row["question"], frozenset(), row["lang"])


def crosswoz_groups(data: Path) -> dict[str, list[str]]:
    """Chinese questions by what they ask for: one requested slot, its domain named."""
    with zipfile.ZipFile(data / "crosswoz" / "val.json.zip") as archive:
        dialogues = json.loads(archive.read("val.json"))
    groups: dict[str, list[str]] = defaultdict(list)
    for dialogue in dialogues.values():
        for message in dialogue["messages"]:
            acts = [act for act in message["dialog_act"] if act[0] != "General"]
            asked = [act for act in acts if act[0] == "Request"]
            if message["role"] != "usr" or len(asked) != 1 or len(acts) > 2:
                continue
            _, domain, slot, _ = asked[0]
            if slot != "名称" and domain in message["content"]:
                groups[f"{domain}-{slot}"].append(message["content"])
    return {name: sorted(set(texts)) for name, texts in groups.items() if len(set(texts)) >= 8}


def _topic(row: dict[str, Any]) -> str:
    return str(row["id"]).removeprefix("zh-")


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        id=row["id"],
        revision=1,
        lang="zh" if row["lang"] == "zh" else "en",
        question=row["question"],
        answer=row["answer"],
        alternatives=tuple(row["alternatives"]),
        translation_of=row.get("translation_of"),
    )


def _stackfaq(data: Path, rng: random.Random) -> Iterator[World]:
    rows = json.loads((data / "stackfaq" / "faq.json").read_text(encoding="utf-8"))
    for asked in (0, 1):
        out = set(rng.sample([r["id"] for r in rows], int(len(rows) * _OUT)))
        kept = [r for r in rows if r["id"] not in out]
        entries = tuple(
            Entry(
                *(r["id"], 1, "en", r["question"], r["answers"][0][:600]),
                alternatives=(r["rephrasings"][1 - asked],),
            )
            for r in kept
        )
        asks = [
            Ask(
                vary(r["rephrasings"][asked], rng),
                frozenset() if r["id"] in out else frozenset([r["id"]]),
                "en",
            )
            for r in rows
        ]
        yield World("stackfaq", entries, tuple(asks))


def _clinc(data: Path, rng: random.Random) -> Iterator[World]:
    groups, outside = clinc150(data)
    for _ in range(2):
        some = dict(rng.sample(sorted(groups.items()), 75))
        world = _from_groups("clinc150", some, rng, per_label=4)
        asks = world.asks + tuple(Ask(t, frozenset(), "en") for t in rng.sample(outside, 50))
        yield World(world.source, world.entries, asks)


def _from_groups(
    source: str,
    groups: dict[str, list[str]],
    rng: random.Random,
    *,
    lang: Lang = "en",
    per_label: int = 5,
) -> World:
    """A label becomes an entry of a question and three alternatives; others of it are asked."""
    out = set(rng.sample(sorted(groups), int(len(groups) * _OUT)))
    entries, asks = [], []
    for label in sorted(groups):
        texts = rng.sample(groups[label], len(groups[label]))
        shown, rest = texts[: min(4, len(texts) - 1)], texts[4:] or texts[-1:]
        if label not in out:
            alternatives = tuple(shown[1 : 1 + rng.randint(1, 3)])
            entries.append(Entry(label, 1, lang, shown[0], _PLACEHOLDER, alternatives))
        gold = frozenset() if label in out else frozenset([label])
        asks += [Ask(vary(t, rng) if lang == "en" else t, gold, lang) for t in rest[:per_label]]
    return World(source, tuple(entries), tuple(asks))


def vary(text: str, rng: random.Random) -> str:
    """Half of the English questions as people type: with slips, without punctuation, or terse."""
    if rng.random() < 0.5:
        return text
    changes: tuple[Callable[[str, random.Random], str], ...] = (_slip, _plain, _terse)
    return rng.choices(changes, weights=(4, 2, 1))[0](text, rng)


def _slip(text: str, rng: random.Random) -> str:
    words = text.lower().split()
    long = [i for i, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    for i in rng.sample(long, min(len(long), 1 + len(words) // 8)):
        word, at = words[i], rng.randint(1, len(words[i]) - 2)
        swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        words[i] = rng.choice([swapped, word[:at] + word[at + 1 :]])
    return " ".join(words)


def _plain(text: str, _rng: random.Random) -> str:
    return "".join(c for c in text.lower() if c.isalnum() or c == " ")


def _terse(text: str, _rng: random.Random) -> str:
    words = [w for w in _plain(text, _rng).split() if w not in STOPWORDS]
    return " ".join(words[:5]) if len(words) >= 2 else text


def told(ask: Ask, stories: Sequence[str], rng: random.Random) -> Ask:
    """One question in seven with a story before or after it, as people tell one."""
    if not stories or rng.random() > 1 / 7:
        return ask
    story = " ".join(rng.sample(stories, rng.choice([1, 1, 2])))
    text = f"{story} {ask.text}" if rng.random() < 0.75 else f"{ask.text}. {story}"
    return replace(ask, text=text)


def stories_of(data: Path, lang: Lang) -> list[str]:
    """Sentences in which people tell what happened, without asking: customers' and travellers'."""
    if lang == "en":
        lines = (data / "twitter_care_ibm" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
        texts = [turn["text"] for line in lines for turn in json.loads(line)["turns"]]
        sentences = {
            part.strip()
            for text in texts
            for part in re.split(r"(?<=[.!])\s+|\n", re.sub(r"@\w+|\[\w+\]|https?\S+", "", text))
        }
        return sorted(s for s in sentences if 40 <= len(s) <= 140 and "?" not in s)
    with zipfile.ZipFile(data / "crosswoz" / "val.json.zip") as archive:
        dialogues = json.loads(archive.read("val.json"))
    said = {
        message["content"]
        for dialogue in dialogues.values()
        for message in dialogue["messages"]
        if message["role"] == "sys" and not any(a[0] == "Request" for a in message["dialog_act"])
    }
    return sorted(s for s in said if 10 <= len(s) <= 40)
