"""What survives a kill -9, and how turns that were answered elsewhere come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Server, routes, texts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mortal(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(model, tmp_path_factory.mktemp("mortal"))
    try:
        running.start_desk()
        running.start()
        yield running
    finally:
        running.stop()


def test_a_killed_bot_goes_on_where_it_was(mortal: Server) -> None:
    mortal.turn("form", "我的订单到哪了")
    number = mortal.body("form", "TW-20031")
    first = mortal.post(number)[1]
    mortal.turn("clarify", "how do i pay", ps=[0.45, 0.4])
    mortal.kill()
    mortal.start()
    assert mortal.post(number)[1] == {**first, "replayed": True}, "the stored reply survives"
    picked = mortal.turn("clarify", "the second one")
    assert picked["directives"][0]["entry_ids"] == ["e2"], "the pending clarification survives"
    done = mortal.turn("form", "wangfang@example.cn")
    assert "SF Express" in texts(done), "the half-filled form survives"
    assert done["active_flow"] is None


def test_without_the_desk_the_visitor_is_told(mortal: Server) -> None:
    assert mortal.desk is not None
    mortal.desk.kill()
    mortal.desk.wait()
    reply = mortal.turn("no-desk", "where is my order TW-10442")
    assert routes(reply) == ["flow"]
    assert "can't look that up" in texts(reply)
    assert routes(mortal.turn("no-desk", "how do i reset my router", ps=[0.9])) == ["answer"]


def test_missed_turns_are_appended_and_close_an_open_form(
    server: Server, conversation: str
) -> None:
    server.turn(conversation, "where is my order? TW-10442")
    missed = [{"message_id": "x1", "text": "how do I pay?", "reply": "By card."}]
    reply = server.turn(conversation, "and the fee?", ps=[0.9], missed=missed)
    assert routes(reply) == ["flow", "answer"]
    assert "closed the order lookup" in texts(reply)
    assert reply["active_flow"] is None
    # What was filled in is carried: the lookup goes on with the address.
    again = server.turn(conversation, "where is my order")
    assert "TW-10442" in texts(again)


def test_missed_turns_without_a_form_need_no_notice(server: Server, conversation: str) -> None:
    missed = [{"message_id": f"x{n}", "text": "hi", "reply": "Hello!"} for n in range(3)]
    for _ in range(2):
        reply = server.turn(conversation, "how do I pay?", ps=[0.9], missed=missed)
        assert routes(reply) == ["answer"]
    # A turn answered elsewhere is known: its id gives what was said then.
    known = server.turn(conversation, "hi", message_id="x1")
    assert (known["replayed"], texts(known)) == (True, "Hello!")


def test_missed_turns_end_a_pending_clarification(server: Server, conversation: str) -> None:
    server.turn(conversation, "how do i pay", ps=[0.45, 0.4])
    missed = [{"message_id": "x1", "text": "hm", "reply": "Sorry?"}]
    reply = server.turn(conversation, "2", ps=[0.1], missed=missed)
    assert routes(reply) == ["decline"]
