"""The order desk: tells the state of an order to who can name its number and e-mail address."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Engine

from web.internal import wording
from web.internal.attempts import Attempts, Limits
from web.internal.orders import Order, demo_orders, is_order_number


class OrderDesk:
    """Looks up orders, with a limited number of failed tries.

    Args:
        engine: database of the tries (table ``order_attempts``).
        orders: by number; the demo shop's where none are given.
        limits: how many failed tries are borne in a while.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        engine: Engine,
        orders: Mapping[str, Order] | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._orders = demo_orders() if orders is None else orders
        self._attempts = Attempts(engine, limits or Limits(), clock)
        self._clock = clock

    def look_up(self, conversation_id: str, number: str, email: str, lang: str) -> str:
        """The answer to show, in ``lang`` ("en" or "zh").

        A wrong number and a wrong address get the same answer; while locked, so do right ones.
        """
        if not is_order_number(number):
            return wording.no_match(lang)
        attempt, wait_s = self._attempts.begin(conversation_id, number)
        if attempt is None:
            return wording.locked(lang, max(1, math.ceil(wait_s / 60)))
        order = self._orders.get(number)
        known = order.email if order else ""
        right = hmac.compare_digest(known.encode(), email.strip().lower().encode())
        if order is None or not right:
            return wording.no_match(lang)
        self._attempts.take_back(attempt)
        return wording.order_found(order, lang, datetime.fromtimestamp(self._clock(), UTC).date())
