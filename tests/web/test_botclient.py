"""What the bot says of one turn must not cost the other visitors their bot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from bot.routing import DEFAULT_COSTS
from tests.web.gateway_world import SECRET, StandInBot
from web.botclient import BotClient, BotRefused, BotTurn, BotUnavailable


@pytest.fixture
def bot() -> Iterator[StandInBot]:
    bot = StandInBot()
    yield bot
    bot.close()


def turn(number: int) -> BotTurn:
    evidence = {"v": 1, "lang": "en", "items": [], "features": {}}
    return BotTurn("c-1", f"m-{number}", "hello", "en", evidence, DEFAULT_COSTS.to_dict())


async def test_refused_turns_do_not_close_the_door(bot: StandInBot) -> None:
    client = BotClient(f"http://127.0.0.1:{bot.port}", SecretStr(SECRET), 2.0)
    bot.status = 400
    for number in range(5):
        with pytest.raises(BotRefused, match="cannot take this turn"):
            await client.turn(turn(number))
    bot.status = 200
    assert (await client.turn(turn(9))).directives
    await client.aclose()


async def test_failures_do(bot: StandInBot) -> None:
    client = BotClient(f"http://127.0.0.1:{bot.port}", SecretStr(SECRET), 2.0)
    bot.status = 500
    for number in range(3):
        with pytest.raises(BotUnavailable, match="500"):
            await client.turn(turn(number))
    bot.status = 200
    with pytest.raises(BotUnavailable, match="left alone"):
        await client.turn(turn(9))
    await client.aclose()
