"""Evidence as it travels to the bot: ids and figures, no texts, never more than 2 kB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from bot.routing import MAX_ITEMS
from retrieval.types import Evidence

MAX_BYTES = 2048


def digest(evidence: Evidence, translation_of: Callable[[str], str | None]) -> dict[str, Any]:
    """The digest of ``evidence``, best entries first.

    ``translation_of`` tells which entry an entry translates; entries of one such group say the
    same thing and are never offered side by side.
    """
    items = []
    for ranked in evidence.ranked[:MAX_ITEMS]:
        item: dict[str, Any] = {
            "id": ranked.entry_id,
            "rev": ranked.revision,
            "p": round(ranked.p, 4),
            "lang": ranked.lang,
        }
        group = translation_of(ranked.entry_id)
        items.append(item | {"of": group} if group else item)
    features = {name: round(float(value), 4) for name, value in evidence.features.items()}
    body = {"v": 1, "lang": evidence.lang, "items": items, "features": features}
    while len(orjson.dumps(body)) > MAX_BYTES:
        # The least likely entry goes first; an item is never as large as the limit.
        if len(items) > 1:
            items.pop()
        else:
            features.popitem()
    return body
