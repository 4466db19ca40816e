"""A soak: thousands of turns through the whole path, with memory read all along.

``python -m benchmarks.soak`` warms up with a tenth of the turns, then fits a line to the memory of
the rest. Exits 1 where it grows by more than the allowed share over the run.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks import report
from benchmarks.faq import DEMO
from benchmarks.product import Product
from benchmarks.ws_client import Visitor
from web.evaluation.files import read_queries

_TURNS_A_CONVERSATION = 10
_READINGS = 50
_ALLOWED_GROWTH = 0.05


def main() -> None:
    """Run, print, write, and fail where memory grows."""
    arguments = _arguments()
    texts = [question.text for question in read_queries(DEMO / "questions.jsonl").good]
    with (
        tempfile.TemporaryDirectory(prefix="grapevine-soak-") as folder,
        Product(Path(folder), arguments.port, demo=True) as product,
    ):
        readings = asyncio.run(_run(product, texts, arguments))
    result = {**_growth(readings), "turns": arguments.turns, "readings": readings}
    result["run"] = report.provenance(arguments.seed, [DEMO / "questions.jsonl"])
    report.write(arguments.json, result)
    print(f"turns             {arguments.turns}")
    print(f"memory at first   {result['first_mb']:.0f} MB after warm-up")
    print(f"memory at last    {result['last_mb']:.0f} MB")
    print(f"growth, fitted    {100 * result['growth']:.1f} % over the run")
    raise SystemExit(1 if result["growth"] > _ALLOWED_GROWTH else 0)


async def _run(
    product: Product, texts: list[str], arguments: argparse.Namespace
) -> list[tuple[int, float]]:
    readings: list[tuple[int, float]] = []
    step = max(1, arguments.turns // _READINGS)
    done = 0
    rng = random.Random(arguments.seed)
    async with httpx.AsyncClient(base_url=product.url, timeout=60) as http:
        ws_url = product.url.replace("http", "ws", 1) + "/v1/chat"

        async def converse() -> None:
            nonlocal done
            visitor = Visitor(http, ws_url)
            await visitor.open()
            for _ in range(_TURNS_A_CONVERSATION):
                await visitor.say(rng.choice(texts))
                done += 1
                if done % step == 0:
                    readings.append((done, round(product.memory_mb(), 1)))
            await visitor.close()

        while done < arguments.turns:
            await asyncio.gather(*(converse() for _ in range(arguments.users)))
    return readings


def _growth(readings: list[tuple[int, float]]) -> dict[str, Any]:
    after_warm_up = np.array(readings[len(readings) // 10 :])
    slope, level = np.polyfit(after_warm_up[:, 0], after_warm_up[:, 1], 1)
    first, last = (level + slope * after_warm_up[i, 0] for i in (0, -1))
    return {"first_mb": first, "last_mb": last, "growth": (last - first) / first}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--turns", type=int, default=5000)
    parser.add_argument("--users", type=int, default=4, help="conversations at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=18320, help="and the next one for the bot")
    parser.add_argument("--json", type=Path, help="write the result here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
