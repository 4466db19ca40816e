"""Whose pages may use the chat: our own, and those of the operator's exact list."""

from __future__ import annotations

from collections.abc import Iterable

from web.errors import OriginRefused


class Origins:
    """Compares origins exactly: scheme, host and port, no patterns."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(origin.rstrip("/").lower() for origin in allowed)

    def check(self, origin: str | None, scheme: str, host: str | None) -> None:
        """Raise OriginRefused for a page that may not; callers that are no page send no origin.

        ``scheme`` and ``host`` are those by which we were addressed: the page's own origin.
        """
        if origin is None:
            return
        secure = scheme in ("https", "wss")
        own = f"{'https' if secure else 'http'}://{host}".lower()
        if origin.lower() != own and origin.lower() not in self._allowed:
            raise OriginRefused(f"The origin {origin[:200]!r} is not on the list.")
