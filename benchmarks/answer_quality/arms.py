"""Who is asked: this product's retrieval, and what a team could take from the shelf instead."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import httpx
import numpy as np

from benchmarks.faq import FaqEntry
from benchmarks.stock_rasa import StockRasa
from retrieval.encoder import open_encoder
from retrieval.hybrid import HybridRetriever
from retrieval.lexical import LexicalIndex
from retrieval.models import ModelStore
from retrieval.text import terms
from retrieval.types import Entry, Lang
from web.evaluation.files import Question
from web.supervisor.running import free_ports

SHOWN = 10
_AT_ONCE = 256
_READERS = ("reader-en", "reader-multi")

#: Gives the ids that may answer a question, with scores, best first.
Ask = Callable[[Question], list[tuple[str, float]]]
#: Loads a base and lends the asking of it.
Arm = Callable[[Sequence[Entry]], AbstractContextManager[Ask]]


def arms(store: ModelStore, *, stock_rasa: bool = False) -> Mapping[str, Arm]:
    """Every arm by its name; this product's first."""
    found: dict[str, Arm] = {
        "grapevine": partial(grapevine, store),
        "BM25": bm25,
        "all-MiniLM-L6-v2": partial(nearest, store, "all-minilm-l6-v2"),
        "multilingual-e5-small": partial(nearest, store, "multilingual-e5-small"),
    }
    return {**found, "stock Rasa": rasa} if stock_rasa else found


@contextmanager
def grapevine(store: ModelStore, entries: Sequence[Entry]) -> Iterator[Ask]:
    """The product's retrieval as it ships; the scores are its probabilities."""
    with tempfile.TemporaryDirectory(prefix="answer-quality-") as folder:
        retriever = HybridRetriever(store, Path(folder), *_READERS)
        retriever.load()
        retriever.replace_all(entries)
        retriever.settle()

        def ask(row: Question) -> list[tuple[str, float]]:
            lang: Lang = "zh" if row.lang == "zh" else "en"
            found = retriever.search(row.text, lang=lang, limit=SHOWN)
            return [(one.entry_id, one.p) for one in found.ranked]

        yield ask


@contextmanager
def bm25(entries: Sequence[Entry]) -> Iterator[Ask]:
    """BM25 over every phrasing; an entry is as good as its best. Scores are shares of the best
    that a phrasing could have."""
    index = LexicalIndex()
    owner = {}
    for entry in entries:
        for number, text in enumerate((entry.question, *entry.alternatives)):
            owner[f"{number} {entry.id}"] = entry.id
            index.add(f"{number} {entry.id}", terms(text))

    def ask(row: Question) -> list[tuple[str, float]]:
        words = terms(row.text)
        possible = index.best_possible(words) or 1.0
        best: dict[str, float] = defaultdict(float)
        for key, score in index.search(words, len(owner)):
            best[owner[key]] = max(best[owner[key]], score / possible)
        return sorted(best.items(), key=lambda pair: -pair[1])[:SHOWN]

    yield ask


@contextmanager
def nearest(store: ModelStore, name: str, entries: Sequence[Entry]) -> Iterator[Ask]:
    """The nearest phrasing by the cosine of an encoder as it is."""
    encoder = open_encoder(name, store)
    encoder.load()
    texts = [(e.id, t) for e in entries for t in (e.question, *e.alternatives)]
    phrasings = np.concatenate(
        [
            encoder.encode([text for _, text in texts[start : start + _AT_ONCE]], "phrasing")
            for start in range(0, len(texts), _AT_ONCE)
        ]
    )
    ids = list(dict.fromkeys(key for key, _ in texts))
    places = {key: number for number, key in enumerate(ids)}
    owner = np.array([places[key] for key, _ in texts])

    def ask(row: Question) -> list[tuple[str, float]]:
        best = np.full(len(ids), -1.0, dtype=np.float32)
        np.maximum.at(best, owner, phrasings @ encoder.encode([row.text])[0])
        return [(ids[n], float(best[n])) for n in np.argsort(-best)[:SHOWN]]

    yield ask


@contextmanager
def rasa(entries: Sequence[Entry]) -> Iterator[Ask]:
    """Stock Rasa: each entry an intent of DIET, as its documentation sets up an FAQ; the scores
    are its confidences. Training takes minutes."""
    known = [FaqEntry(e.id, e.question, "-", (e.question, *e.alternatives), ()) for e in entries]
    # The action server, which is not asked here, takes the port after the bot's.
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory(prefix="answer-quality-") as folder:
        bot = StockRasa("actions", Path(folder), port, with_api=True)
        bot.write(known)
        bot.train()
        bot.start()
        try:
            with httpx.Client(base_url=bot.url, timeout=60) as client:
                yield partial(_parsed, client, frozenset(e.id for e in entries))
        finally:
            bot.stop()


def _parsed(client: httpx.Client, ids: frozenset[str], row: Question) -> list[tuple[str, float]]:
    found = client.post("/model/parse", json={"text": row.text}).raise_for_status().json()
    ranking = [(one["name"], float(one["confidence"])) for one in found["intent_ranking"]]
    return [pair for pair in ranking if pair[0] in ids][:SHOWN]
