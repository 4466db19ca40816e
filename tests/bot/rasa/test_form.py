"""The order form from end to end: the real Rasa server and the real order desk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BOT, Server, environment, routes, texts

pytestmark = pytest.mark.slow


def talk(server: Server, conversation: str, *said: str) -> str:
    """Say it all; the last reply's text."""
    reply = {}
    for text in said:
        reply = server.turn(conversation, text)
    assert set(routes(reply)) == {"flow"}
    return texts(reply)


def test_in_english(server: Server, conversation: str) -> None:
    assert "order number" in talk(server, conversation, "where is my order?")
    assert "TW-10442" in talk(server, conversation, "10442")
    answer = talk(server, conversation, "it was Anna@Example.com")
    assert "on its way with DHL" in answer
    assert server.turn(conversation, "thanks")["active_flow"] is None


def test_in_chinese(server: Server, conversation: str) -> None:
    assert "订单号" in talk(server, conversation, "我的订单到哪了")
    assert "TW-20031" in talk(server, conversation, "订单号是TW-20031")
    assert "SF Express" in talk(server, conversation, "邮箱是 wangfang@example.cn")


def test_all_at_once(server: Server, conversation: str) -> None:
    said = "where is my order TW-10471? my email is carla.m@example.net"
    assert "out for delivery" in talk(server, conversation, said)


def test_what_is_wrong_is_said(server: Server, conversation: str) -> None:
    talk(server, conversation, "where is my order?")
    assert "“TW-123” is not an order number" in talk(server, conversation, "TW-123")
    assert "Which e-mail" in talk(server, conversation, "TW-10442")
    assert "“anna@example” does not look like" in talk(server, conversation, "anna@example")
    assert "DHL" in talk(server, conversation, "anna@example.com")


def test_a_number_can_be_corrected(server: Server, conversation: str) -> None:
    assert "TW-10441" in talk(server, conversation, "where is my order?", "TW-10441")
    assert "TW-10442" in talk(server, conversation, "no, it's TW-10442")
    assert "DHL" in talk(server, conversation, "anna@example.com")


def test_a_form_is_left_and_resumed(server: Server, conversation: str) -> None:
    talk(server, conversation, "where is my order?", "TW-10442")
    left = server.turn(conversation, "never mind")
    assert "stopped" in texts(left)
    assert left["active_flow"] is None
    assert routes(server.turn(conversation, "how do I pay?", ps=[0.9])) == ["answer"]
    # The number is still known.
    assert "TW-10442" in talk(server, conversation, "check my order status please")
    assert "DHL" in talk(server, conversation, "anna@example.com")


def test_a_finished_lookup_leaves_nothing_behind(server: Server, conversation: str) -> None:
    talk(server, conversation, "where is my order?", "TW-10442", "anna@example.com")
    assert "What is the order number" in talk(server, conversation, "where is my order?")


def test_a_wrong_number_and_a_wrong_address_sound_the_same(
    server: Server, conversation: str
) -> None:
    no_such_order = talk(server, f"{conversation}-a", "order TW-99999 for anna@example.com")
    not_this_person = talk(server, f"{conversation}-b", "order TW-10442 for eve@example.com")
    assert no_such_order == not_this_person


def test_tries_are_limited(server: Server, conversation: str) -> None:
    for n in range(5):
        said = f"check order TW-10503 for eve{n}@example.com"
        assert "no order with this number" in talk(server, conversation, said)
    right = "check order TW-10503 for david.okoro@example.com"
    assert "too many tries" in talk(server, conversation, right)
    assert "delivered" in talk(server, f"{conversation}-other", right)


def test_stories(model: Path, tmp_path: Path) -> None:
    """`rasa test` over the stories of the form; it fails on the first wrong prediction."""
    stories = Path(__file__).parents[1] / "stories"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rasa", "test", "core", "--model", str(model)),
            *("--stories", str(stories), "--out", str(tmp_path)),
            *("--endpoints", "endpoints.yml", "--fail-on-prediction-errors"),
        ],
        cwd=BOT,
        env=environment(tmp_path / "state", 1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert (tmp_path / "story_report.json").exists()
