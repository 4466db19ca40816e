"""Turns a second against stock Rasa, on one FAQ, in one run.

``python -m benchmarks.turns --data DIR`` trains and starts stock Rasa twice (ResponseSelector; and
answers from an action server), then this product, asks all three over Rasa's REST channel with the
same client, and prints turns/s at 1, 8 and 32 users, p50 and p95, memory, seconds from an edit to
its answer, and hit@1 on phrasings that no bot has seen.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.faq import FaqEntry, load_faq
from benchmarks.load import ask, ask_held_out, run_load
from benchmarks.product import Product
from benchmarks.stock_rasa import Arm, StockRasa
from knowledge.database import open_engine
from knowledge.store import KnowledgeStore
from knowledge.types import EntryContent

_EDITED = "This answer was edited a moment ago."
_EDIT_TIMEOUT_S = 600.0
_OURS = "grapevine"


def main() -> None:
    """Measure every arm, print the table and write the result."""
    arguments = _arguments()
    entries, file = load_faq(arguments.data)
    console = Console()
    arms: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="grapevine-turns-") as folder:
        for arm in arguments.arms:
            console.print(f"[bold]{arm}[/bold]: {len(entries)} entries", highlight=False)
            measure = _measure_ours if arm == _OURS else _measure_stock
            arms[arm] = measure(arm, Path(folder) / arm, entries, arguments)
    console.print(_table(arms, arguments.users))
    for line in [*_ratios(arms), *_where(arms)]:
        console.print(line, highlight=False)
    run = report.provenance(arguments.seed, [file])
    report.write(arguments.json, {"arms": arms, "run": run})


def _measure_stock(
    arm: str, folder: Path, entries: list[FaqEntry], arguments: argparse.Namespace
) -> dict[str, Any]:
    bot = StockRasa(_stock_arm(arm), folder, arguments.port)
    bot.write(entries)
    result: dict[str, Any] = {"train_s": bot.train()}
    try:
        result["start_s"] = bot.start()
        result |= _measure_running(bot, entries, arguments)
        started = time.perf_counter()
        bot.edit([replace(entries[0], answer=_EDITED), *entries[1:]])
        _until_edited(bot.url, entries[0], started)
        result["edit_s"] = time.perf_counter() - started
    finally:
        bot.stop()
    return result


def _measure_ours(
    _arm: str, folder: Path, entries: list[FaqEntry], arguments: argparse.Namespace
) -> dict[str, Any]:
    with Product(folder, arguments.port, demo=False):
        pass  # trains the bot and makes the database, so that the next start is a warm one
    store = KnowledgeStore(open_engine(f"sqlite:///{folder / 'grapevine.db'}"))
    for entry in entries:
        content = EntryContent(
            lang="en",
            question=entry.question,
            answer=entry.answer,
            alternatives=entry.known[1:],
            status="published",
        )
        store.create(content, author="benchmark", entry_id=entry.id)
    with Product(folder, arguments.port, demo=False) as product:
        result: dict[str, Any] = {"start_s": product.seconds_to_ready}
        result |= _measure_running(product, entries, arguments)
        started = time.perf_counter()
        store.edit(entries[0].id, author="benchmark", answer=_EDITED)
        _until_edited(product.url, entries[0], started)
        result["edit_s"] = time.perf_counter() - started
    return result


def _measure_running(
    bot: Product | StockRasa, entries: list[FaqEntry], arguments: argparse.Namespace
) -> dict[str, Any]:
    answers = {entry.id: entry.answer for entry in entries}
    turns = asyncio.run(ask_held_out(bot.url, entries))  # also the warm-up
    right = sum(turn.good and answers[turn.entry_id] in turn.replies[:1] for turn in turns)
    loads = {
        str(users): asyncio.run(
            run_load(
                bot.url,
                entries,
                users=users,
                seconds=arguments.seconds,
                seed=arguments.seed,
                processes=bot.processes,
            )
        ).to_json()
        for users in arguments.users
    }
    return {"hit@1": right / len(turns), "load": loads, "memory_mb": bot.memory_mb()}


def _until_edited(url: str, entry: FaqEntry, started: float) -> None:
    while _EDITED not in asyncio.run(ask(url, entry.question)).replies:
        if time.perf_counter() - started > _EDIT_TIMEOUT_S:
            raise TimeoutError("the edit never became visible")


def _table(arms: dict[str, dict[str, Any]], users: Sequence[int]) -> Table:
    table = Table(title="One FAQ, one client, one run", title_justify="left")
    table.add_column("")
    for arm in arms:
        table.add_column(arm, justify="right")

    def row(name: str, value: Callable[[dict[str, Any]], str]) -> None:
        table.add_row(name, *(value(result) for result in arms.values()))

    for count in users:
        row(
            f"turns/s, {count} users",
            lambda r, c=str(count): f"{r['load'][c]['turns_per_second']:.1f}",
        )
        row(
            f"p50 / p95 ms, {count} users",
            lambda r, c=str(count): f"{r['load'][c]['p50_ms']:.1f} / {r['load'][c]['p95_ms']:.1f}",
        )
    row("memory, MB", lambda r: f"{r['memory_mb']:.0f}")
    row("training, s", lambda r: f"{r['train_s']:.0f}" if "train_s" in r else "none on edits")
    row("start, s", lambda r: f"{r['start_s']:.1f}")
    row("edit to answer, s", lambda r: f"{r['edit_s']:.3f}")
    row("hit@1, unseen phrasings", lambda r: f"{r['hit@1']:.3f}")
    return table


def _ratios(arms: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for arm, result in arms.items():
        if arm == _OURS or _OURS not in arms:
            continue
        for users, theirs in result["load"].items():
            ours = arms[_OURS]["load"][users]["turns_per_second"]
            ratio = ours / theirs["turns_per_second"]
            lines.append(f"{_OURS} against {arm} at {users} users: {ratio:.2f}x")
    return lines


def _where(arms: dict[str, dict[str, Any]]) -> list[str]:
    """Where the time goes: processor milliseconds a turn, and the stages as a turn sees them."""
    lines = []
    for arm, result in arms.items():
        for users, load in result["load"].items():
            used = ", ".join(f"{role} {ms:.1f}" for role, ms in load["cpu_ms"].items() if ms >= 0.1)
            lines.append(f"{arm}, {users} users, processor ms a turn: {used}")
            stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in load["stages_ms"].items())
            if stages:
                lines.append(f"{arm}, {users} users, median ms by stage: {stages}")
            if load["empty"] or load["degraded"]:
                lines.append(
                    f"{arm}, {users} users, not counted: "
                    f"{load['empty']} empty, {load['degraded']} degraded"
                )
    return lines


def _stock_arm(name: str) -> Arm:
    return "actions" if name == "actions" else "selector"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.turns", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder that holds stackfaq/faq.json")
    parser.add_argument("--users", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=10, help="how long each level is held")
    parser.add_argument("--arms", nargs="+", default=["selector", "actions", _OURS])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=18300, help="and the next one")
    parser.add_argument("--json", type=Path, help="write the result here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
