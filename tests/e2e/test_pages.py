"""Every page in both languages and appearances: accessible, within its policy, fit for a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.e2e.conftest import VisitorMaker
from tests.e2e.visitor import Visitor

PAGES = ("", "/help", "/faq", "/status", "/contact", "/missing")
LANGS = ("en", "zh")
QUESTION = {
    "en": "Which home internet plans do you have and what do they cost?",
    "zh": "家庭宽带有哪些套餐，多少钱一个月？",
}


def assert_accessible(who: Visitor) -> None:
    """axe finds nothing serious or critical, in the widget neither."""
    found = Axe().run(who.page, options={"resultTypes": ["violations"]})
    grave = [
        f"{v['id']}: {[n['target'] for n in v['nodes']]} {v['nodes'][0].get('failureSummary')}"
        for v in found.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert grave == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("page", PAGES)
def test_pages_are_accessible_and_keep_to_the_policy(
    visitor: VisitorMaker, page: str, lang: str, dark: bool
) -> None:
    who = visitor(dark=dark).goto(f"/{lang}{page}")
    assert_accessible(who)
    assert who.refused() == []
    assert [fault for fault in who.faults if "404" not in fault] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("lang", LANGS)
def test_the_chat_is_accessible_in_all_its_states(
    visitor: VisitorMaker, lang: str, dark: bool
) -> None:
    who = visitor(dark=dark, reduced_motion="reduce").open(f"/{lang}")
    assert_accessible(who)
    answer = who.ask(QUESTION[lang])
    answer.locator(".source-toggle").click()
    answer.locator(".thumb").first.click()
    assert_accessible(who)
    who.widget.locator("[aria-haspopup=menu]").click()
    assert_accessible(who)
    who.page.keyboard.press("Escape")
    who.menu("Talk to a person" if lang == "en" else "转人工客服")
    assert_accessible(who)
    who.page.keyboard.press("Escape")
    who.menu("Delete my chat" if lang == "en" else "删除聊天记录")
    assert_accessible(who)
    assert who.refused() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_phone_view_is_accessible(visitor: VisitorMaker, dark: bool) -> None:
    who = visitor(phone=True, dark=dark).open("/zh")
    who.ask(QUESTION["zh"])
    assert_accessible(who)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("page", PAGES)
def test_a_phone_never_scrolls_sideways(
    visitor: VisitorMaker, screenshot: Callable[[Visitor, str], None], page: str, lang: str
) -> None:
    who = visitor(phone=True).goto(f"/{lang}{page}")
    _assert_fits(who)
    screenshot(who, f"page{page.replace('/', '-') or '-home'}-{lang}-phone")
    who.page.locator("[data-menu]").click()
    expect(who.page.locator("#nav")).to_be_visible()
    _assert_fits(who)


def test_the_chat_fills_a_phone_and_follows_its_keyboard(visitor: VisitorMaker) -> None:
    who = visitor(phone=True, reduced_motion="reduce").open("/en")
    box = who.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    who.ask("x" * 300)
    _assert_fits(who)
    assert who.panel.evaluate("(n) => n.scrollWidth <= n.clientWidth")
    overflow = "getComputedStyle(document.documentElement).overflowY"
    assert who.page.evaluate(overflow) == "hidden"
    who.page.set_viewport_size({"width": 390, "height": 500})
    expect(who.input).to_be_in_viewport(ratio=1)
    who.widget.locator(".head [aria-label='Close chat']").click()
    expect(who.panel).to_be_hidden()
    assert who.page.evaluate(overflow) != "hidden"


def test_search_in_the_faq(visitor: VisitorMaker) -> None:
    who = visitor().goto("/en/help")
    who.page.get_by_role("searchbox").fill("esim")
    who.page.keyboard.press("Enter")
    expect(who.page).to_have_url(f"{who.url}/en/faq?q=esim")
    shown = who.page.locator("[data-entry]:visible")
    expect(who.page.locator("[data-found]")).to_contain_text(str(shown.count()))
    assert 0 < shown.count() < who.page.locator("[data-entry]").count()
    who.page.get_by_role("searchbox").fill("zzzz")
    expect(shown).to_have_count(0)
    expect(who.page.locator("[data-found]")).to_contain_text("Nothing found")


def test_site_appearance_and_language(visitor: VisitorMaker) -> None:
    who = visitor().goto("/en/help")
    who.page.locator("[data-theme-toggle]").click()
    expect(who.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(who.widget.locator(".root")).to_have_attribute("data-theme", "dark")
    who.page.locator("a.tool").click()
    expect(who.page).to_have_url(f"{who.url}/zh/help")
    expect(who.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(who.widget.locator(".root")).to_have_attribute("lang", "zh")


def test_the_chat_state_on_the_status_page_is_asked_for(visitor: VisitorMaker) -> None:
    who = visitor().goto("/en/status")
    expect(who.page.locator("[data-chat-state]")).to_have_text("Working")
    who.page.route("**/readyz", lambda route: route.fulfill(status=503, body="{}"))
    who.page.reload()
    expect(who.page.locator("[data-chat-state]")).to_have_text("Not working")


def _assert_fits(who: Visitor) -> None:
    root = "document.documentElement"
    assert who.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
