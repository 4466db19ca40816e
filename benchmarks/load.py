"""Closed-loop users over Rasa's REST channel protocol, which every bot here speaks."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.cpu import CpuClock
from benchmarks.faq import FaqEntry

TURNS_A_CONVERSATION = 5


@dataclass(frozen=True, slots=True)
class Turn:
    """One asked question: what came back, and how long it took in seconds.

    ``degraded`` and ``ms``, milliseconds by stage, are what our own provenance says.
    """

    entry_id: str
    replies: tuple[str, ...]
    seconds: float
    degraded: bool = False
    ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether it counts: something was said, by the whole path."""
        return any(self.replies) and not self.degraded


@dataclass(frozen=True, slots=True)
class Load:
    """Throughput and latency of one level of load; empty and degraded replies do not count.

    ``cpu_ms`` is processor time a turn by process, ``stages_ms`` the median of each stage.
    """

    users: int
    turns: int
    empty: int
    degraded: int
    turns_per_second: float
    p50_ms: float
    p95_ms: float
    cpu_ms: Mapping[str, float]
    stages_ms: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


async def run_load(
    url: str,
    entries: list[FaqEntry],
    *,
    users: int,
    seconds: float,
    seed: int,
    processes: Sequence[int],
) -> Load:
    """Let ``users`` ask without pause for ``seconds``, five turns a conversation.

    ``processes``: roots of the process trees whose processor time is read.
    """
    clock = CpuClock(processes)
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
    used = clock.ms()
    turns = [turn for one in per_user for turn in one]
    good = [turn.seconds * 1000 for turn in turns if turn.good]
    cuts = statistics.quantiles(good, n=20, method="inclusive") if len(good) > 1 else good * 20
    return Load(
        users=users,
        turns=len(good),
        empty=sum(not any(turn.replies) for turn in turns),
        degraded=sum(turn.degraded for turn in turns),
        turns_per_second=len(good) / elapsed,
        p50_ms=cuts[9],
        p95_ms=cuts[18],
        cpu_ms={role: round(ms / len(turns), 2) for role, ms in used.items()},
        stages_ms=_medians([turn.ms for turn in turns if turn.good]),
    )


def _medians(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: statistics.median(row.get(name, 0.0) for row in rows) for name in names}


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
    seconds = time.perf_counter() - started
    customs = [message.get("custom") or {} for message in body]
    provenances = [(custom.get("grapevine") or {}).get("provenance") or {} for custom in customs]
    return Turn(
        entry_id,
        replies,
        seconds,
        degraded=any(provenance.get("degraded") for provenance in provenances),
        ms=provenances[0].get("ms", {}) if provenances else {},
    )
