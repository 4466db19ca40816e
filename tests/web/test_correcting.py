"""A correction counts from the next message on, in the answer and in the route."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retrieval.correction import Correction
from tests.web.gateway_world import StandInBot, Web, filled
from web.conversation.newest import Newest
from web.conversation.storage import LogThreads
from web.corrections import AS_FITTED, CorrectionRecord, CorrectionStore

TEXT = "reset router"
NONE = 1 - 2 / 6 - 1 / 7


@pytest.fixture
def bot() -> Iterator[StandInBot]:
    found = StandInBot()
    yield found
    found.close()


@pytest.fixture
def web(tmp_path: Path, bot: StandInBot) -> Iterator[Web]:
    with filled(tmp_path, bot.port) as found:
        found.retriever.features = {"none": NONE}
        yield found


def ask(web: Web, client_id: str) -> dict[str, Any]:
    path, _, headers = web.open()
    provenance: dict[str, Any] = web.ask(path, headers, client_id, TEXT).json()["reply"][
        "provenance"
    ]
    return provenance


def test_an_answer_after_it_was_applied_is_routed_by_corrected_p(web: Web, bot: StandInBot) -> None:
    before = ask(web, "1")
    assert (before["route"], before["correction_revision"]) == ("decline", 0)
    assert before["ranking"][0]["p"] == pytest.approx(1 / 3, abs=1e-3)
    correction = Correction(1.5, -4.0)
    # Another process (the command line) makes it count; this one is not told.
    store = CorrectionStore(web.services.engine)
    store.apply(correction, thumbs=0, verdicts=9, author="kim")
    after = ask(web, "2")
    wanted, _ = correction.apply([2 / 6, 1 / 7, 0.0], NONE)
    assert wanted[0] > 0.7
    assert after["correction_revision"] == 1
    assert after["route"] != "decline"
    assert after["p"] == pytest.approx(wanted[0])
    assert after["entries"][0]["p"] == pytest.approx(wanted[0], abs=1e-3)
    assert [one["p"] for one in after["ranking"]] == pytest.approx(wanted.tolist(), abs=1e-4)
    # What the next fit is made from is as it was.
    for one, other in zip(before["ranking"], after["ranking"], strict=True):
        assert one["uncorrected"] == other["uncorrected"]
    assert before["none"] == after["none"] == pytest.approx(NONE, abs=1e-5)
    told = [turn["evidence"]["items"][0]["p"] for turn in bot.turns]
    assert told == pytest.approx([1 / 3, wanted[0]], abs=1e-3)
    store.undo(author="kim")
    assert ask(web, "3")["route"] == "decline"


def test_without_the_bot_the_route_is_corrected_too(web: Web, bot: StandInBot) -> None:
    bot.status = 500
    store = CorrectionStore(web.services.engine)
    assert ask(web, "1")["route"] == "decline"
    store.apply(Correction(1.5, -4.0), thumbs=0, verdicts=9, author="kim")
    found = ask(web, "2")
    assert found["degraded"]
    assert found["route"] != "decline"


async def test_where_the_store_fails_the_last_one_is_used() -> None:
    threads = LogThreads(1)
    known = [CorrectionRecord(4, Correction(1.1, 0.0), 3)]
    newest = Newest("correction", known.pop, AS_FITTED, threads)
    try:
        assert (await newest.read()).revision == 4
        assert (await newest.read()).revision == 4
        again = Newest("correction", known.pop, AS_FITTED, threads)
        assert await again.read() == AS_FITTED
    finally:
        threads.close()
