"""How well the groundedness gate tells true replies from false ones.

``python -m benchmarks.groundedness [--composed N] [--json OUT]`` measures

* **hand-made** replies, true and falsified by hand, in two halves: ``train`` was looked at while
  the gate was built, ``heldout`` was not (its hash was committed before);
* **mechanical** falsifications of every sentence of the demo knowledge base, and those sentences;
* **composed**: real replies of the generator to the demo test questions, with the expected entry
  and two of the same topic as sources: how many survive, how many sentences are word for word.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.falsify import falsified
from generation.compose import Composer, Finished, Sentence
from generation.ctranslate import CTranslate2Generator
from generation.gate import Gate
from generation.sentences import split
from generation.types import GenerationRequest, Source
from retrieval.models import ModelStore

ROOT = Path(__file__).resolve().parent.parent
HAND_MADE = ROOT / "benchmarks" / "data" / "groundedness"
DEMO = ROOT / "knowledge" / "demo"


def rows(path: Path) -> list[dict[str, Any]]:
    """Objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def as_source(row: dict[str, Any]) -> Source:
    """An entry as a source."""
    return Source(row["id"], row["question"], row["answer"], row["lang"])


def hand_made(half: str) -> dict[str, Any]:
    """Caught and surviving shares of one half, by kind and language, with the misses."""
    path = HAND_MADE / f"{half}.jsonl"
    data = rows(path)
    sources = {r["id"]: as_source(r) for r in data if r["type"] == "source"}
    gate, tally, errors = Gate(), _Tally(), []
    for case in (r for r in data if r["type"] == "case"):
        evidence = [sources[i] for i in case["sources"]]
        verdict = gate.judge(case["reply"], evidence, case["question"])
        right = verdict.supported == case["supported"]
        tally.add(case["kind"], case["lang"], right)
        if not right:
            errors.append(case["id"])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"sha256": digest, **tally.summary(), "errors": errors}


def mechanical() -> dict[str, Any]:
    """Caught share of mechanical falsifications and survival of the sentences themselves."""
    gate, tally = Gate(), _Tally()
    missed = []
    for lang in ("en", "zh"):
        sources = [as_source(r) for r in rows(DEMO / f"{lang}.jsonl")]
        for source in sources:
            bench = gate.prepare([source], source.question)
            for sentence in split(source.answer):
                tally.add("true", lang, bench.judge(sentence).supported)
        for case in falsified(sources):
            caught = not gate.judge(case.text, [case.source], case.source.question).supported
            tally.add(case.kind, lang, caught)
            if not caught:
                missed.append(f"{case.kind}: {case.text}")
    return {**tally.summary(), "missed": missed}


class _Tally:
    def __init__(self) -> None:
        self._right: Counter[tuple[str, str]] = Counter()
        self._all: Counter[tuple[str, str]] = Counter()

    def add(self, kind: str, lang: str, right: bool) -> None:
        self._all[kind, lang] += 1
        self._right[kind, lang] += right

    def _share(self, keys: Iterable[tuple[str, str]]) -> dict[str, Any]:
        chosen = list(keys)
        right, count = sum(self._right[k] for k in chosen), sum(self._all[k] for k in chosen)
        return {"right": right, "of": count, "share": round(right / count, 4) if count else None}

    def summary(self) -> dict[str, Any]:
        wrong = [k for k in self._all if k[0] != "true"]
        kinds = sorted({kind for kind, _ in self._all})
        return {
            "caught": self._share(wrong),
            "caught_en": self._share(k for k in wrong if k[1] == "en"),
            "caught_zh": self._share(k for k in wrong if k[1] == "zh"),
            "true_survive": self._share(k for k in self._all if k[0] == "true"),
            "kinds": {kind: self._share(k for k in self._all if k[0] == kind) for kind in kinds},
        }


def composed(count: int, folder: Path | None) -> dict[str, Any]:
    """Survival of real replies to English demo questions that the base covers."""
    entries = {r["id"]: r for r in rows(DEMO / "en.jsonl")}
    questions = [r for r in rows(DEMO / "questions.jsonl") if r["lang"] == "en" and r.get("expect")]
    random.Random(7).shuffle(questions)
    store = ModelStore()
    generator = CTranslate2Generator(lambda: folder or store.ensure("smollm2-135m"))
    generator.load()
    composer = Composer(generator, Gate(), deadline_s=60.0)
    replies: list[dict[str, Any]] = []
    for row in questions[:count]:
        sources = _with_neighbours(entries, row["expect"])
        started = time.monotonic()
        pieces = list(
            composer.compose(GenerationRequest(row["text"], "en", sources), threading.Event())
        )
        end = pieces[-1]
        assert isinstance(end, Finished)
        said = [p for p in pieces if isinstance(p, Sentence)] if end.survived else []
        replies.append(
            {
                "question": row["text"], "expect": row["expect"], "survived": end.survived,
                "text": end.text if end.survived else None, "entry_ids": list(end.entry_ids),
                "sentences": len(said), "verbatim": sum(p.verbatim for p in said),
                "tries": end.tries, "seconds": round(time.monotonic() - started, 3),
                "refused": [{"text": t, "reasons": list(r)} for t, r in end.refused],
            }
        )  # fmt: skip
    return {**_composed_summary(replies), "replies": replies}


def _with_neighbours(entries: dict[str, dict[str, Any]], expected: str) -> list[Source]:
    own = entries[expected]
    near = [e for e in entries.values() if e["topic"] == own["topic"] and e["id"] != expected]
    return [as_source(e) for e in (own, *near[:2])]


def _composed_summary(replies: list[dict[str, Any]]) -> dict[str, Any]:
    alive = [r for r in replies if r["survived"]]
    seconds = sorted(r["seconds"] for r in replies)
    totals = defaultdict(int, {k: sum(r[k] for r in alive) for k in ("sentences", "verbatim")})
    return {
        "replies": len(replies),
        "survived": len(alive),
        "share": round(len(alive) / len(replies), 4) if replies else None,
        "survived_first_try": sum(r["tries"] == 1 for r in alive),
        "cite_expected": sum(r["expect"] in r["entry_ids"] for r in alive),
        "not_only_verbatim": sum(r["verbatim"] < r["sentences"] for r in alive),
        "sentences": totals["sentences"],
        "sentences_verbatim": totals["verbatim"],
        "seconds_p50": seconds[len(seconds) // 2] if seconds else None,
        "seconds_max": seconds[-1] if seconds else None,
    }


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description="Measure the groundedness gate.")
    parser.add_argument("--composed", type=int, default=45, help="real replies to compose; 0: none")
    parser.add_argument("--model", type=Path, help="folder of the converted generator")
    parser.add_argument("--json", type=Path, help="write all figures here")
    options = parser.parse_args()
    result: dict[str, Any] = {half: hand_made(half) for half in ("train", "heldout")}
    result["mechanical"] = mechanical()
    if options.composed:
        result["composed"] = composed(options.composed, options.model)
    for name in ("train", "heldout", "mechanical"):
        part = result[name]
        print(f"{name:10}  caught {_text(part['caught'])}")
        print(f"    en {_text(part['caught_en'])}, zh {_text(part['caught_zh'])}")
        print(f"    true ones kept {_text(part['true_survive'])}")
        for kind, share in part["kinds"].items():
            print(f"    {kind:14} {_text(share)}")
    if "composed" in result:
        print("composed ", {k: v for k, v in result["composed"].items() if k != "replies"})
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")


def _text(share: dict[str, Any]) -> str:
    return f"{share['right']}/{share['of']} ({share['share']:.1%})" if share["of"] else "-"


if __name__ == "__main__":
    main()
