"""Tokens, origins, rates, connections and what waits for a slow reader."""

from __future__ import annotations

import jwt
import pytest
from pydantic import SecretStr

from web.channels.outbox import Outbox
from web.errors import (
    OriginRefused,
    RateLimited,
    TokenExpired,
    TokenMismatch,
    TooManyConnections,
    Unauthorized,
)
from web.security.limits import ConnectionLimit, RateLimit
from web.security.origins import Origins
from web.security.tokens import Tokens

KEY = "k" * 40


class TestTokens:
    def test_a_token_opens_its_conversation_and_no_other(self) -> None:
        tokens = Tokens(SecretStr(KEY), 60)
        token, _ = tokens.issue("c-1")
        tokens.check(token, "c-1")
        with pytest.raises(TokenMismatch):
            tokens.check(token, "c-2")

    def test_another_key_another_algorithm_or_none_open_nothing(self) -> None:
        tokens = Tokens(SecretStr(KEY), 60)
        claims = {"sub": "c-1", "aud": "grapevine-chat", "exp": 9_999_999_999}
        forged = [
            Tokens(SecretStr("x" * 40), 60).issue("c-1")[0],
            jwt.encode(claims, "", algorithm="none"),
            jwt.encode(claims | {"aud": "other"}, KEY),
            jwt.encode({"sub": "c-1", "aud": "grapevine-chat"}, KEY),
            jwt.encode(claims, KEY * 2, algorithm="HS512"),
            "",
            "a.b.c",
            "\ud800",
        ]
        for token in forged:
            with pytest.raises(Unauthorized):
                tokens.check(token, "c-1")

    def test_a_token_expires(self) -> None:
        token, _ = Tokens(SecretStr(KEY), -1).issue("c-1")
        with pytest.raises(TokenExpired):
            Tokens(SecretStr(KEY), 60).check(token, "c-1")


class TestOrigins:
    @pytest.mark.parametrize(
        "origin",
        [
            "https://shop.example.evil.com",
            "https://sub.shop.example",
            "http://shop.example",
            "https://shop.example:8443",
            "null",
            "",
        ],
    )
    def test_near_is_not_exact(self, origin: str) -> None:
        with pytest.raises(OriginRefused):
            Origins(["https://shop.example"]).check(origin, "http", "chat.example")

    @pytest.mark.parametrize("origin", [None, "https://shop.example", "http://chat.example"])
    def test_own_listed_and_none(self, origin: str | None) -> None:
        Origins(["https://shop.example/"]).check(origin, "ws", "chat.example")


class TestRateLimit:
    def test_a_burst_then_the_rate(self) -> None:
        now = [0.0]
        limit = RateLimit(60, 2, clock=lambda: now[0])
        limit.take("a")
        limit.take("a")
        with pytest.raises(RateLimited) as caught:
            limit.take("a")
        assert caught.value.extra == {"retry_after_s": 1}
        limit.take("b")
        now[0] = 1.0
        limit.take("a")
        with pytest.raises(RateLimited):
            limit.take("a")

    def test_invented_keys_do_not_fill_the_memory(self) -> None:
        limit = RateLimit(60, 1, clock=lambda: 0.0, max_keys=10)
        for number in range(1000):
            limit.take(str(number))
        assert len(limit._buckets) == 10


def test_connections_are_counted_while_they_are_open() -> None:
    limit = ConnectionLimit(3, 2)
    with limit.one_more("a"), limit.one_more("a"):
        with pytest.raises(TooManyConnections), limit.one_more("a"):
            pass
        with limit.one_more("b"), pytest.raises(TooManyConnections), limit.one_more("c"):
            pass
    assert limit.open == 0
    assert limit._by_ip == {}


class TestOutbox:
    async def test_frames_in_order_then_the_close(self) -> None:
        outbox = Outbox()
        outbox.put("1")
        outbox.put("2")
        outbox.close(4400, "why")
        outbox.put("late")
        outbox.close(1000, "another")
        assert [await outbox.next() for _ in range(3)] == ["1", "2", (4400, "why")]

    async def test_a_slow_reader_is_noticed_by_number_and_by_size(self) -> None:
        many, large = Outbox(max_frames=2), Outbox(max_bytes=10)
        for _ in range(2):
            many.put("x")
        large.put("x" * 10)
        assert not many.overflown.is_set()
        assert not large.overflown.is_set()
        many.put("x")
        large.put("x")
        assert many.overflown.is_set()
        assert large.overflown.is_set()
