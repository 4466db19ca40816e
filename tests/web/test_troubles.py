"""When parts fail in the middle of a turn: said plainly, nothing pretended, nothing lost."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generation.compose import Composer
from generation.smalltalk import SmallTalk
from generation.types import GenerationRequest
from knowledge.database import open_engine
from knowledge.store import KnowledgeStore
from knowledge.types import EntryContent
from tests.web.gateway_world import Socket, StandInBot, Web, fill, filled, running, wait_for
from web.conversation.log import ConversationLog
from web.conversation.models import UserMessage
from web.conversation.storage import Database
from web.migrations import upgrade

BILL = "When is my bill due?"
DUE = "On the third of each month."


@pytest.fixture
def bot() -> Iterator[StandInBot]:
    bot = StandInBot()
    yield bot
    bot.close()


@pytest.fixture
def web(tmp_path: Path, bot: StandInBot) -> Iterator[Web]:
    with filled(tmp_path, bot.port) as web:
        yield web


def test_a_bot_that_dies_is_replaced_and_told_afterwards(web: Web, bot: StandInBot) -> None:
    path, _, headers = web.open()
    assert not web.ask(path, headers, "1", BILL).json()["reply"]["provenance"]["degraded"]
    bot.hang_s = 30
    threading.Timer(0.1, bot.close).start()
    degraded = web.ask(path, headers, "2", BILL).json()["reply"]
    assert degraded["text"] == DUE
    assert degraded["provenance"]["degraded"]
    assert degraded["provenance"]["route"] == "answer"

    again = StandInBot(bot.port)
    try:
        web.ask(path, headers, "3", BILL)
        recovered = web.ask(path, headers, "4", BILL).json()["reply"]
        assert not recovered["provenance"]["degraded"]
        told = [missed for turn in again.turns for missed in turn["missed"]]
        assert (told[0]["text"], told[0]["reply"]) == (BILL, DUE)
        assert again.turns[-1]["missed"] == []
    finally:
        again.close()


@pytest.mark.parametrize("status", [401, 500, 503])
def test_a_bot_that_refuses_is_no_reason_to_be_silent(
    web: Web, bot: StandInBot, status: int
) -> None:
    bot.status = status
    path, _, headers = web.open()
    reply = web.ask(path, headers, "1", BILL).json()["reply"]
    assert (reply["text"], reply["provenance"]["degraded"]) == (DUE, True)


def test_a_bot_that_hangs_is_left_alone_after_three_failures(web: Web, bot: StandInBot) -> None:
    path, _, headers = web.open()
    bot.hang_s = 5
    slow = [web.ask(path, headers, str(n), BILL) for n in range(3)]
    assert all(r.json()["reply"]["provenance"]["ms"]["bot"] >= 400 for r in slow)
    quick = web.ask(path, headers, "9", BILL).json()["reply"]["provenance"]
    assert quick["degraded"]
    assert quick["ms"]["bot"] < 400


def test_retrieval_that_fails_or_hangs_is_told(web: Web) -> None:
    path, _, headers = web.open()
    web.retriever.broken = True
    failed = web.ask(path, headers, "1", BILL).json()["reply"]["provenance"]
    web.retriever.broken, web.retriever.delay_s = False, 1.0
    slow = web.ask(path, headers, "2", BILL).json()["reply"]["provenance"]
    web.retriever.delay_s = 0
    for provenance, why in ((failed, "failed"), (slow, "longer")):
        assert provenance["degraded"]
        assert why in provenance["reason"]
        assert provenance["entries"] == []
    assert web.ask(path, headers, "3", BILL).json()["reply"]["text"] == DUE


def test_a_locked_log_refuses_and_the_same_message_goes_through_later(
    tmp_path: Path, web: Web
) -> None:
    path, _, headers = web.open()
    lock = sqlite3.connect(tmp_path / "grapevine.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    refused = web.ask(path, headers, "1", BILL)
    lock.execute("ROLLBACK")
    lock.close()
    assert (refused.status_code, refused.json()["code"]) == (503, "log-unavailable")
    assert "locked" in refused.json()["detail"]
    taken = web.ask(path, headers, "1", BILL).json()
    assert (taken["user"]["seq"], taken["reply"]["text"]) == (1, DUE)


def test_a_log_that_goes_away_in_mid_turn_pretends_nothing(tmp_path: Path, web: Web) -> None:
    path, _, headers = web.open()
    database, aside = tmp_path / "grapevine.db", tmp_path / "aside.db"
    web.retriever.delay_s = 0.4
    threading.Timer(0.2, lambda: database.rename(aside)).start()
    refused = web.ask(path, headers, "1", BILL)
    assert (refused.status_code, refused.json()["code"]) == (503, "log-unavailable")
    aside.rename(database)
    # The message was committed; the same id finds it, and it is answered once.
    taken = web.ask(path, headers, "1", BILL).json()
    assert [taken[side]["seq"] for side in ("user", "reply")] == [1, 2]


def test_a_message_left_by_a_crash_is_answered_once_after_the_restart(
    tmp_path: Path, bot: StandInBot
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'grapevine.db'}")
    upgrade(engine)
    fill(KnowledgeStore(engine))
    log = ConversationLog(Database(engine))
    cid, _ = log.create("test")
    left = UserMessage(conversation_id=cid, client_message_id="1", text=BILL, channel="websocket")
    user = log.append_user(left).message
    with running(tmp_path, bot.port) as web:
        wait_for(lambda: log.answer_to(user.id) is not None)
        token = web.services.gateway.tokens.issue(cid)[0]
        headers = {"Authorization": f"Bearer {token}"}
        again = web.ask(f"{web.url}/v1/conversations/{cid}", headers, "1", BILL).json()
        assert (again["reply"]["seq"], again["reply"]["text"]) == (2, DUE)
        assert len(bot.turns) == 1
    engine.dispose()


def test_an_edit_by_another_process_is_answered_at_once(tmp_path: Path, web: Web) -> None:
    other = open_engine(f"sqlite:///{tmp_path / 'grapevine.db'}")
    store = KnowledgeStore(other)
    path, _, headers = web.open()
    known = web.retriever.entries
    store.edit("bill-date", author="other", answer="On the ninth.")
    wait_for(lambda: known["bill-date"].revision == 2)
    reply = web.ask(path, headers, "1", BILL).json()["reply"]
    assert reply["text"] == "On the ninth."
    assert reply["provenance"]["entries"][0]["revision"] == 2
    store.set_status("bill-date", "disabled", author="other")
    wait_for(lambda: "bill-date" not in known)
    assert web.ask(path, headers, "2", BILL).json()["reply"]["text"] != "On the ninth."
    content = EntryContent(lang="en", question="Is there a shop?", answer="In Leeds.",
                           status="published")  # fmt: skip
    made = store.create(content, author="other")
    wait_for(lambda: made.id in known)
    assert web.ask(path, headers, "3", "Is there a shop?").json()["reply"]["text"] == "In Leeds."
    other.dispose()


class SlowWriter:
    """A generator that writes word for word from its source, slowly."""

    name, version = "slow-writer", "1"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        self.pause_s = 0.05
        self.cancelled = threading.Event()

    def load(self) -> None:
        pass

    def stream(self, request: GenerationRequest, cancel: threading.Event) -> Iterator[str]:
        sentences = [f"{source.answer} " for source in request.sources]
        for piece in " ".join(sentences).split(" "):
            if cancel.wait(self.pause_s):
                self.cancelled.set()
                return
            yield piece + " "


TWO = "How do I reset my router? And when is my bill due?"


@pytest.fixture
def writer(web: Web) -> SlowWriter:
    writer = SlowWriter()
    web.services.composing._composer = Composer(writer, deadline_s=1.0, retries=0)
    return writer


def _compose_everything(bot: StandInBot, p: float = 0.8) -> None:
    def reply(turn: dict[str, Any]) -> dict[str, Any]:
        ids = [item["id"] for item in turn["evidence"]["items"]][:3]
        directive = {"route": "compose", "entry_ids": ids, "p": p, "reason": "two questions"}
        return {"message_id": turn["message_id"], "directives": [directive]}

    bot.reply = reply  # type: ignore[method-assign]


async def test_stop_keeps_what_was_written(web: Web, bot: StandInBot, writer: SlowWriter) -> None:
    _compose_everything(bot)
    _, cid, headers = web.open()
    socket = await Socket.joined(web, headers, cid)
    await socket.send(type="message", client_message_id="1", text=TWO)
    delta = await socket.next("delta")
    await socket.send(type="stop", message_id=delta["message_id"])
    done = (await socket.next("done"))["message"]
    assert done["stopped"]
    assert done["text"].startswith(delta["text"].strip())
    assert done["id"] == delta["message_id"]
    assert done["provenance"]["route"] == "compose"
    assert done["provenance"]["entries"], "what was kept has its source"
    assert await asyncio.to_thread(writer.cancelled.wait, 2)
    await socket.send(type="stop", message_id=done["id"])
    await socket.send(type="ping", id=1)
    assert (await socket.next())["type"] in ("typing", "pong")
    await socket.connection.close()


async def test_writing_goes_on_when_the_visitor_is_gone_and_a_resume_joins_it(
    web: Web, bot: StandInBot, writer: SlowWriter
) -> None:
    _compose_everything(bot)
    _, cid, headers = web.open()
    socket = await Socket.joined(web, headers, cid)
    await socket.send(type="message", client_message_id="1", text=TWO)
    first = await socket.next("delta")
    socket.connection.transport.abort()
    again = await Socket.joined(web, headers, cid, last_seq=1)
    joined = await again.next("delta")
    assert (joined["message_id"], joined["offset"]) == (first["message_id"], 0)
    text = joined["text"]
    while (frame := await again.next("delta", "replace", "done"))["type"] != "done":
        assert frame.get("offset", len(text)) == len(text)
        text = text + frame["text"] if frame["type"] == "delta" else frame["text"]
    assert frame["message"]["text"] == text
    assert len(frame["message"]["provenance"]["entries"]) >= 1
    await again.connection.close()


def test_two_questions_get_both_answers_word_for_word(
    web: Web, bot: StandInBot, writer: SlowWriter
) -> None:
    def reply(turn: dict[str, Any]) -> dict[str, Any]:
        ids = ["router-reset", "bill-date"]
        directive = {"route": "compose", "entry_ids": ids, "p": 0.8, "reason": "two questions"}
        return {"message_id": turn["message_id"], "directives": [directive]}

    bot.reply = reply  # type: ignore[method-assign]
    web.retriever.features = {"parts": 2.0}
    path, _, headers = web.open()
    said = web.ask(path, headers, "1", TWO).json()["reply"]
    opening, *answers = said["text"].split("\n\n")
    assert opening in SmallTalk.load().lines("several", "en")
    assert answers == ["Hold the reset button for ten seconds.", DUE]
    assert said["provenance"]["route"] == "compose"
    shown = [entry["id"] for entry in said["provenance"]["entries"]]
    assert shown == ["router-reset", "bill-date"]
    assert said["provenance"].get("generator") is None


def test_a_generator_that_is_stuck_ends_in_the_best_entry(
    web: Web, bot: StandInBot, writer: SlowWriter
) -> None:
    _compose_everything(bot)
    writer.pause_s = 3
    path, _, headers = web.open()
    reply = web.ask(path, headers, "1", BILL).json()["reply"]
    assert reply["text"] == DUE
    assert reply["provenance"]["route"] == "answer"
    assert "deadline" in reply["provenance"]["reason"]


def test_an_unlikely_entry_does_not_stand_in_for_a_reply_that_could_not_be_written(
    web: Web, bot: StandInBot, writer: SlowWriter
) -> None:
    _compose_everything(bot, p=0.4)
    writer.pause_s = 3
    path, _, headers = web.open()
    reply = web.ask(path, headers, "1", BILL).json()["reply"]
    assert reply["text"] in SmallTalk.load().lines("decline", "en")
    assert reply["provenance"]["route"] == "decline"
    assert reply["provenance"]["entries"] == []
    assert "deadline" in reply["provenance"]["reason"]
