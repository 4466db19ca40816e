"""Idle and talking websockets on loopback while sockets are cut at random.

``python -m benchmarks.sockets`` starts the product, opens 500 silent and 100 talking connections
for 60 seconds, tears sockets down at random, and compares what every visitor was shown with the
log: nothing may be lost, doubled or out of order. Exits 1 where anything is.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from pathlib import Path
from typing import Any

import httpx

from benchmarks import report
from benchmarks.faq import DEMO
from benchmarks.product import Product
from benchmarks.ws_client import Visitor
from web.evaluation.files import read_queries

_CUT_SHARE = 0.3
_THINK_S = (1.0, 5.0)
_OPEN_AT_ONCE = 20


def main() -> None:
    """Run, print, write, and fail where a message was lost, doubled or out of order."""
    arguments = _arguments()
    texts = [question.text for question in read_queries(DEMO / "questions.jsonl").good]
    with (
        tempfile.TemporaryDirectory(prefix="grapevine-sockets-") as folder,
        Product(Path(folder), arguments.port, demo=True) as product,
    ):
        result = asyncio.run(_run(product.url, texts, arguments))
        result["memory_mb"] = round(product.memory_mb())
    result["run"] = report.provenance(arguments.seed, [DEMO / "questions.jsonl"])
    report.write(arguments.json, result)
    for name, value in result.items():
        print(f"{name:>16}  {value}")
    raise SystemExit(1 if result["faults"] else 0)


async def _run(url: str, texts: list[str], arguments: argparse.Namespace) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=32)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as http:
        ws_url = url.replace("http", "ws", 1) + "/v1/chat"
        idle = [Visitor(http, ws_url) for _ in range(arguments.idle)]
        talking = [Visitor(http, ws_url) for _ in range(arguments.talking)]
        gate = asyncio.Semaphore(_OPEN_AT_ONCE)
        await asyncio.gather(*(_open(visitor, gate) for visitor in idle + talking))
        until = asyncio.get_running_loop().time() + arguments.seconds
        said = await asyncio.gather(
            *(_talk(visitor, texts, until, random.Random(f"{arguments.seed}-{number}"))
              for number, visitor in enumerate(talking)),
            *(visitor.hold(arguments.seconds) for visitor in idle),
        )  # fmt: skip
        counts = [count for count in said if count is not None]
        faults = [f for v, n in zip(talking, counts, strict=True) for f in await _faults(v, n)]
        faults += [fault for visitor in idle for fault in visitor.screen.faults]
        await asyncio.gather(*(visitor.close() for visitor in idle + talking))
    return {
        "idle": arguments.idle,
        "talking": arguments.talking,
        "seconds": arguments.seconds,
        "messages": sum(counts),
        "reconnects": sum(visitor.reconnects for visitor in talking),
        "faults": faults[:20],
    }


async def _open(visitor: Visitor, gate: asyncio.Semaphore) -> None:
    async with gate:
        await visitor.open()


async def _talk(visitor: Visitor, texts: list[str], until: float, rng: random.Random) -> int:
    said = 0
    await asyncio.sleep(rng.uniform(0, _THINK_S[1]))
    while asyncio.get_running_loop().time() < until:
        cut_after = rng.uniform(0, 0.2) if rng.random() < _CUT_SHARE else None
        await visitor.say(rng.choice(texts), cut_after=cut_after)
        said += 1
        await asyncio.sleep(rng.uniform(*_THINK_S))
    return said


async def _faults(visitor: Visitor, said: int) -> list[str]:
    history = await visitor.history()
    faults = list(visitor.screen.faults)
    if [message["seq"] for message in history] != list(range(1, len(history) + 1)):
        faults.append("the log's seq has a gap or a repetition")
    questions = [message for message in history if message["role"] == "user"]
    answered = [message["reply_to"] for message in history if message["role"] == "assistant"]
    if len(questions) != said or len({m["client_message_id"] for m in questions}) != said:
        faults.append(f"said {said}, the log holds {len(questions)}")
    if sorted(answered) != sorted(message["id"] for message in questions):
        faults.append("not exactly one answer a question")
    shown = [(seq, m["id"], m["text"]) for seq, m in sorted(visitor.screen.messages.items())]
    if shown != [(m["seq"], m["id"], m["text"]) for m in history]:
        faults.append("the screen differs from the log")
    return faults


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sockets", description=__doc__)
    parser.add_argument("--idle", type=int, default=500, help="silent connections")
    parser.add_argument("--talking", type=int, default=100, help="talking connections")
    parser.add_argument("--seconds", type=float, default=60, help="how long they talk")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=18310, help="and the next one for the bot")
    parser.add_argument("--json", type=Path, help="write the result here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
