"""What earlier turns of a conversation found, for reading the turn that follows.

Visitors seldom ask the same thing twice, and often go on to the entry's sibling. So the two turns
before a message tell a great deal, and both were just searched: what they found is remembered, and
searched again only where another process did it or much was said in between.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from retrieval.types import Ranked

#: Probability by entry, of those that a turn may have been answered by.
Finds = Mapping[str, float]

#: So many turns before a message are looked at, and each with as many before it.
BACK = 2
_KEPT = 5
_LEAST_P = 0.05
_SIZE = 20_000


class Memory:
    """Finds of the latest turns, under a hash of what was said. Safe to use from several threads;
    no text is kept."""

    def __init__(self, size: int = _SIZE) -> None:
        self._size = size
        self._found: OrderedDict[bytes, Finds] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._found)

    def put(self, turns: Sequence[str], ranked: Sequence[Ranked]) -> Finds:
        """Remember what the last of ``turns`` found, the others being those before it."""
        found = {one.entry_id: one.p for one in ranked[:_KEPT] if one.p >= _LEAST_P}
        with self._lock:
            key = _key(turns)
            self._found[key] = found
            self._found.move_to_end(key)
            if len(self._found) > self._size:
                self._found.popitem(last=False)
        return found

    def get(self, turns: Sequence[str]) -> Finds | None:
        """What the last of ``turns`` found; None where that is not known."""
        with self._lock:
            return self._found.get(_key(turns))


def _key(turns: Sequence[str]) -> bytes:
    said = "\x1f".join(turns[-1 - BACK :])
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
