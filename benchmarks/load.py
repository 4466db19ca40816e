"""Closed-loop users over Rasa's REST channel protocol, which every bot here speaks."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
import uuid
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks.faq import FaqEntry

TURNS_A_CONVERSATION = 5


@dataclass(frozen=True, slots=True)
class Turn:
    """One asked question: what came back, and how long it took in seconds."""

    entry_id: str
    replies: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """Throughput and latency of one level of load. Empty replies do not count as turns."""

    users: int
    turns: int
    empty: int
    turns_per_second: float
    p50_ms: float
    p95_ms: float

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


async def run_load(
    url: str, entries: list[FaqEntry], *, users: int, seconds: float, seed: int
) -> Load:
    """Let ``users`` ask without pause for ``seconds``, five turns a conversation."""
    stop_at = time.perf_counter() + seconds
    started = time.perf_counter()
    async with _session(users) as session:
        per_user = await asyncio.gather(
            *(
                _user(session, url, entries, random.Random(f"{seed}-{users}-{u}"), stop_at)
                for u in range(users)
            )
        )
    elapsed = time.perf_counter() - started
    turns = [turn for one in per_user for turn in one]
    good = [turn.seconds * 1000 for turn in turns if any(turn.replies)]
    cuts = statistics.quantiles(good, n=20, method="inclusive") if len(good) > 1 else good * 20
    return Load(
        users=users,
        turns=len(good),
        empty=len(turns) - len(good),
        turns_per_second=len(good) / elapsed,
        p50_ms=cuts[9],
        p95_ms=cuts[18],
    )


async def ask_held_out(url: str, entries: list[FaqEntry]) -> list[Turn]:
    """Ask every held-out phrasing once, each in a fresh conversation."""
    async with _session(1) as session:
        return [
            await _ask(session, url, uuid.uuid4().hex, entry.id, text)
            for entry in entries
            for text in entry.held_out
        ]


async def ask(url: str, text: str) -> Turn:
    """Ask one text in a fresh conversation."""
    async with _session(1) as session:
        return await _ask(session, url, uuid.uuid4().hex, "", text)


def _session(users: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=users), timeout=aiohttp.ClientTimeout(total=60)
    )


async def _user(
    session: aiohttp.ClientSession,
    url: str,
    entries: list[FaqEntry],
    rng: random.Random,
    stop_at: float,
) -> list[Turn]:
    turns: list[Turn] = []
    while time.perf_counter() < stop_at:
        sender = uuid.UUID(int=rng.getrandbits(128)).hex
        for _ in range(TURNS_A_CONVERSATION):
            entry = rng.choice(entries)
            turns.append(await _ask(session, url, sender, entry.id, rng.choice(entry.held_out)))
            if time.perf_counter() >= stop_at:
                break
    return turns


async def _ask(
    session: aiohttp.ClientSession, url: str, sender: str, entry_id: str, text: str
) -> Turn:
    started = time.perf_counter()
    async with session.post(
        f"{url}/webhooks/rest/webhook", json={"sender": sender, "message": text}
    ) as response:
        body = await response.json() if response.status == 200 else []
    replies = tuple(str(message.get("text") or "") for message in body)
    return Turn(entry_id, replies, time.perf_counter() - started)
