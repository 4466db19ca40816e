"""How often, and how many at once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

from web.errors import RateLimited, TooManyConnections

_MAX_KEYS = 100_000


class RateLimit:
    """A token bucket for each key: ``per_minute`` on average, ``burst`` at once.

    Forgets the keys that were not used for the longest time beyond a bound, so that nobody can
    fill the memory by inventing keys.
    """

    def __init__(
        self,
        per_minute: float,
        burst: float,
        clock: Callable[[], float] = time.monotonic,
        max_keys: int = _MAX_KEYS,
    ) -> None:
        self._rate = per_minute / 60
        self._burst = burst
        self._clock = clock
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Take one token. Raises RateLimited with the seconds until there is another."""
        now = self._clock()
        level, then = self._buckets.pop(key, (self._burst, now))
        level = min(self._burst, level + (now - then) * self._rate)
        allowed = level >= 1
        self._buckets[key] = (level - 1 if allowed else level, now)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = ceil((1 - level) / self._rate)
            raise RateLimited(f"Please wait {wait} s.", retry_after_s=wait)


class ConnectionLimit:
    """Counts what is open, in all and by address."""

    def __init__(self, most: int, most_per_ip: int) -> None:
        self._most = most
        self._most_per_ip = most_per_ip
        self._by_ip: dict[str, int] = {}
        self.open = 0

    @contextmanager
    def one_more(self, ip: str) -> Iterator[None]:
        """Count a connection while it is open. Raises TooManyConnections."""
        if self.open >= self._most:
            raise TooManyConnections("The server is full.")
        if self._by_ip.get(ip, 0) >= self._most_per_ip:
            raise TooManyConnections("Too many connections from this address.")
        self.open += 1
        self._by_ip[ip] = self._by_ip.get(ip, 0) + 1
        try:
            yield
        finally:
            self.open -= 1
            self._by_ip[ip] -= 1
            if not self._by_ip[ip]:
                del self._by_ip[ip]
