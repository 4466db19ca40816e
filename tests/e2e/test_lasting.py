"""What a visitor said stays, once and in order: reload, lost sockets, two tabs, deleting."""

from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.e2e.conftest import VisitorMaker
from tests.e2e.visitor import ANSWER_PATIENCE_MS, Visitor

FIRST = "Which home internet plans do you have and what do they cost?"
SECOND = "How does fibre installation work?"


def test_a_reload_keeps_the_history(visitor: VisitorMaker) -> None:
    who = visitor().open()
    who.ask(FIRST)
    who.ask(SECOND)
    before = who.texts()
    assert len(before) == 4
    who.page.reload()
    expect(who.answers).to_have_count(2)
    assert who.texts() == before
    expect(who.answers.last.locator(".source-toggle")).to_be_visible()
    who.ask("Can I get Tidewire fibre at my address?")
    assert who.texts()[:4] == before


def test_a_cut_socket_is_taken_up_again(visitor: VisitorMaker) -> None:
    who = visitor()
    who.hold_sockets()
    who.open()
    who.ask(FIRST)
    who.cut()
    expect(who.widget.locator(".banner")).to_be_visible()
    who.say(SECOND)
    expect(who.answers).to_have_count(2, timeout=ANSWER_PATIENCE_MS)
    expect(who.widget.locator(".banner")).to_be_hidden()
    assert len(who.texts()) == 4
    assert who.socket_count >= 2


def test_a_socket_cut_in_the_middle_of_an_answer(visitor: VisitorMaker) -> None:
    who = visitor()
    who.hold_sockets()
    who.open()
    who.ask(FIRST)
    who.say(SECOND)
    expect(who.mine.nth(1)).to_be_visible()
    who.cut()
    expect(who.answers).to_have_count(2, timeout=ANSWER_PATIENCE_MS)
    expect(who.widget.locator(".row.is-writing")).to_have_count(0)
    assert len(who.texts()) == 4
    assert len(set(who.texts())) == 4


def test_written_without_a_network_it_is_sent_when_there_is_one(visitor: VisitorMaker) -> None:
    who = visitor().open()
    who.context.set_offline(True)
    who.say(FIRST)
    expect(who.mine.locator(".slot-meta")).to_contain_text("Waiting for the connection")
    who.context.set_offline(False)
    expect(who.answers).to_have_count(1, timeout=ANSWER_PATIENCE_MS)
    assert len(who.texts()) == 2


def test_two_tabs_show_the_same_conversation_once(visitor: VisitorMaker) -> None:
    here = visitor().open()
    here.ask(FIRST)
    there = Visitor(here.context, here.url)
    there.open("/en/help")
    expect(there.answers).to_have_count(1)
    here.ask(SECOND)
    expect(there.answers).to_have_count(2)
    there.ask("Can I get Tidewire fibre at my address?")
    expect(here.answers).to_have_count(3)
    assert here.texts() == there.texts()
    assert len(here.texts()) == 6


def test_an_answer_for_a_closed_chat_is_counted(visitor: VisitorMaker) -> None:
    who = visitor().open()
    who.ask(FIRST)
    who.say(SECOND)
    who.page.keyboard.press("Escape")
    expect(who.panel).to_be_hidden()
    expect(who.widget.locator(".badge")).to_have_text("1", timeout=ANSWER_PATIENCE_MS)
    expect(who.launcher).to_have_attribute("aria-label", "Open chat, 1 unread")
    who.launcher.click()
    expect(who.widget.locator(".badge")).to_be_hidden()


def test_deleting_erases_here_and_on_the_server(visitor: VisitorMaker) -> None:
    who = visitor().open()
    who.ask(FIRST)
    kept = who.page.evaluate("Object.entries(localStorage).find(([k]) => k.endsWith(':chat'))[1]")
    who.menu("Delete my chat")
    sheet = who.widget.locator(".sheet")
    expect(sheet).to_contain_text("cannot be undone")
    sheet.locator("button", has_text="Cancel").click()
    assert len(who.texts()) == 2
    who.menu("Delete my chat")
    sheet.locator("button", has_text="Delete for good").click()
    expect(who.widget.locator(".row")).to_have_count(0)
    stored = who.page.evaluate("Object.keys(localStorage).filter((k) => k.endsWith(':chat'))")
    assert stored == []
    chat = httpx.Response(200, text=kept).json()
    answer = httpx.post(
        f"{who.url}/v1/conversations/{chat['id']}/token", json={"resume_key": chat["resumeKey"]}
    )
    assert answer.status_code in (401, 404, 410)
    who.page.reload()
    expect(who.widget.locator(".row")).to_have_count(0)
    who.ask(SECOND)
    assert len(who.texts()) == 2


def test_deleting_in_one_tab_empties_the_other(visitor: VisitorMaker) -> None:
    here = visitor().open()
    here.ask(FIRST)
    there = Visitor(here.context, here.url).open("/en/faq")
    expect(there.answers).to_have_count(1)
    here.menu("Delete my chat")
    here.widget.locator(".sheet button", has_text="Delete for good").click()
    expect(there.widget.locator(".row")).to_have_count(0)


def test_the_chat_can_be_copied_and_downloaded(visitor: VisitorMaker, tmp_path: Path) -> None:
    who = visitor(permissions=["clipboard-read", "clipboard-write"]).open()
    who.ask(FIRST)
    answer = who.texts()[1]
    who.menu("Copy my chat")
    expect(who.widget.locator(".toast")).to_have_text("Copied")
    copied = who.page.evaluate("navigator.clipboard.readText()")
    with who.page.expect_download() as download:
        who.menu("Download as text")
    saved = tmp_path / "chat.txt"
    download.value.save_as(saved)
    for text in (copied, saved.read_text(encoding="utf-8")):
        assert FIRST in text
        assert answer in text
        assert "Source: " in text
