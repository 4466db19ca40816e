"""The demo shop's orders.

Days are stored relative to today, so that an order on its way is on its way whenever it is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal

OrderStatus = Literal[
    "processing", "shipped", "out_for_delivery", "delivered", "delayed", "cancelled", "returned"
]

_NUMBER = re.compile(r"TW-\d{5}")
_EMAIL = re.compile(r"[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.[a-z]{2,}", re.I)


@dataclass(frozen=True, slots=True)
class Order:
    """One order. ``items`` is by language; ``day`` counts from today, negative in the past: the
    day of delivery, of the expected delivery, or of the last change, as the status says."""

    number: str
    email: str
    items: Mapping[str, str]
    status: OrderStatus
    day: int
    carrier: str | None = None
    tracking: str | None = None


def demo_orders() -> dict[str, Order]:
    """The orders that ship with the product, by number."""
    text = resources.files("web.internal").joinpath("orders.json").read_text(encoding="utf-8")
    orders = [Order(**raw) for raw in json.loads(text)]
    return {order.number: order for order in orders}


def is_order_number(value: object) -> bool:
    """True for ``TW-`` and five digits."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def is_email(value: object) -> bool:
    """True for what can be an e-mail address; whether it exists is not asked."""
    return isinstance(value, str) and len(value) <= 254 and _EMAIL.fullmatch(value) is not None
