"""What else a visitor does: thumbs, choices, a person, the keyboard, hostile text, settings."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import VisitorMaker
from tests.e2e.shop import Shop
from tests.e2e.visitor import Visitor, focused, tab_until

QUESTION = "Which home internet plans do you have and what do they cost?"
#: Questions that can mean two or three entries of the demo base.
AMBIGUOUS = (
    "cancel",
    "How do I cancel it?",
    "change my plan",
    "I want to change",
    "price",
    "my bill",
    "contract",
    "router",
    "delivery",
    "number",
)


def test_a_thumb_is_stored_and_can_be_changed(visitor: VisitorMaker) -> None:
    who = visitor().open()
    answer = who.ask(QUESTION)
    up, down = answer.locator(".thumb").all()
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    down.click()
    expect(up).to_have_attribute("aria-pressed", "false")
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(down).to_be_focused()
    who.page.wait_for_timeout(500)
    who.page.reload()
    again = who.answers.first.locator(".thumb")
    expect(again.nth(1)).to_have_attribute("aria-pressed", "true")
    again.nth(1).click()
    expect(again.nth(1)).to_have_attribute("aria-pressed", "false")


def test_did_you_mean_buttons(visitor: VisitorMaker) -> None:
    who = visitor().open()
    row = None
    for text in AMBIGUOUS:
        asked = who.ask(text)
        if asked.locator(".option-group .option").count():
            row = asked
            break
    assert row is not None, "none of the ambiguous questions was asked back"
    options = row.locator(".option-group .option")
    assert 2 <= options.count() <= 3
    chosen = options.first.inner_text()
    before = who.answers.count()
    options.first.focus()
    who.page.keyboard.press("Enter")
    expect(who.answers).to_have_count(before + 1)
    expect(who.answers.last.locator(".source-name")).to_have_text(chosen)
    for option in options.all():
        expect(option).to_be_disabled()
    texts = who.texts()
    who.page.reload()
    expect(who.answers).to_have_count(before + 1)
    assert who.texts() == texts


def test_talk_to_a_person(visitor: VisitorMaker) -> None:
    who = visitor().open()
    who.ask(QUESTION)
    who.menu("Talk to a person")
    sheet = who.widget.locator(".sheet")
    expect(sheet).to_contain_text("support@tidewire.example")
    expect(sheet).to_contain_text("9:00")
    sheet.locator("button", has_text="Ask for a reply").click()
    expect(sheet.locator(".sheet-error")).to_contain_text("name@example.com")
    expect(sheet.locator("input")).to_be_focused()
    sheet.locator("input").fill("visitor@example.com")
    sheet.locator("textarea").fill("The line drops every evening.")
    sheet.locator("button", has_text="Ask for a reply").click()
    reference = sheet.locator(".reference")
    expect(reference).to_have_text(re.compile(r"\w{4,}"))
    number = reference.inner_text()
    sheet.locator("button", has_text="Done").click()
    expect(sheet).to_have_count(0)
    who.page.reload()
    expect(who.answers).not_to_have_count(0)
    who.menu("Talk to a person")
    expect(who.widget.locator(".sheet")).to_contain_text(number)


def test_asking_for_a_person_in_words_offers_the_way(visitor: VisitorMaker) -> None:
    who = visitor().open()
    answer = who.ask("I want to talk to a human being please")
    answer.locator(".option.person").click()
    expect(who.widget.locator(".sheet input")).to_be_focused()


def test_markup_and_scripts_are_text(visitor: VisitorMaker) -> None:
    who = visitor().open()
    hostile = '<img src=x onerror="document.title=1"><script>document.title=1</script> <b>x</b>'
    who.ask(hostile)
    assert who.texts()[0] == hostile
    assert who.widget.locator(".log img, .log script, .log b").count() == 0
    assert "Tidewire" in who.page.title()
    who.page.reload()
    expect(who.mine).to_have_count(1)
    assert who.texts()[0] == hostile
    who.ask("javascript:alert(1) \u202egnp.exe\u202c https://tidewire.example/a")
    links = who.mine.last.locator("a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("rel", "noopener noreferrer nofollow")
    assert who.refused() == []


def test_keyboard_alone(visitor: VisitorMaker) -> None:
    who = visitor().goto("/en")
    page = who.page
    tab_until(page, lambda: "launcher" in focused(page))
    page.keyboard.press("Enter")
    expect(who.panel).to_be_visible()
    expect(who.input).to_be_focused()
    page.keyboard.type("Which home internet plans")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("do you have?")
    assert who.mine.count() == 0
    page.keyboard.press("Enter")
    expect(who.answers).to_have_count(1)
    expect(who.input).to_be_focused()
    tab_until(page, lambda: "source-toggle" in focused(page), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(who.answers.first.locator(".source-details")).to_be_visible()
    tab_until(
        page,
        lambda: (
            "icon-button" in focused(page)
            and who.widget.locator("[aria-haspopup=menu]:focus").count() == 1
        ),
        "Shift+Tab",
    )
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    expect(who.widget.locator("[aria-haspopup=menu]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(who.panel).to_be_hidden()
    expect(who.launcher).to_be_focused()


def test_enter_during_composition_does_not_send(visitor: VisitorMaker) -> None:
    who = visitor().open("/zh")
    session = who.context.new_cdp_session(who.page)
    who.input.focus()
    session.send(
        "Input.imeSetComposition", {"text": "luyou", "selectionStart": 5, "selectionEnd": 5}
    )
    session.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    who.page.evaluate(
        """() => {
          const input = document.querySelector("grapevine-chat").shadowRoot.querySelector(".input");
          const enter = { key: "Enter", isComposing: true, bubbles: true };
          input.dispatchEvent(new KeyboardEvent("keydown", enter));
        }"""
    )
    assert who.mine.count() == 0
    session.send("Input.insertText", {"text": "路由器"})
    expect(who.input).to_have_value("路由器")
    who.input.press("Enter")
    expect(who.mine).to_have_count(1)


def test_the_counter_appears_near_the_limit_and_over_it_nothing_is_sent(
    visitor: VisitorMaker,
) -> None:
    who = visitor().open()
    limit = who.page.evaluate("fetch('/v1/config').then((a) => a.json())")["limits"][
        "max_message_chars"
    ]
    counter = who.widget.locator(".counter")
    who.input.fill("好" * (limit // 2))
    expect(counter).to_be_hidden()
    who.input.fill("👍" * (limit - 1))
    expect(counter).to_have_text(f"{limit - 1} of {limit} characters")
    who.input.fill("a" * (limit + 7))
    expect(counter).to_contain_text("by 7 characters")
    who.input.press("Enter")
    assert who.mine.count() == 0
    expect(who.widget.locator(".send")).to_be_disabled()


def test_language_and_appearance_are_remembered(visitor: VisitorMaker) -> None:
    who = visitor().open()
    who.widget.locator(".lang-button").click()
    expect(who.input).to_have_attribute("aria-label", "您的消息")
    who.menu("深色")
    root = who.widget.locator(".root")
    expect(root).to_have_attribute("data-theme", "dark")
    who.page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    expect(root).to_have_attribute("lang", "zh")
    who.goto("/zh")
    who.goto("/en")
    expect(root).to_have_attribute("lang", "zh")


def test_starter_questions(visitor: VisitorMaker) -> None:
    who = visitor().open()
    starter = who.widget.locator(".greeting .option").nth(1)
    words = starter.inner_text()
    starter.click()
    expect(who.answers).to_have_count(1)
    assert who.texts()[0] == words
    expect(who.widget.locator(".greeting .option")).to_have_count(0)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_script_tag_on_a_page_of_somebody_else(
    visitor: VisitorMaker, shop: Shop, lang: str
) -> None:
    """Another origin, under a policy of its own that allows nothing inline."""
    who = visitor()
    server = who.url
    who.url = shop.origin
    who.open(f"/?lang={lang}&server={server}")
    box = who.panel.bounding_box()
    assert box
    assert box["x"] < 100
    expect(who.widget.locator(".title")).to_have_text("Shop")
    expect(who.launcher).to_have_css("color", "rgb(0, 0, 0)")
    answer = who.ask(QUESTION if lang == "en" else "家庭宽带有哪些套餐，多少钱一个月？")
    expect(answer).to_contain_text("€29")
    expect(who.widget.locator(".root")).to_have_attribute("lang", lang)
    assert who.widget.count() == 1
    assert who.refused() == []


def test_resizing_by_keyboard_and_mouse_is_remembered(visitor: VisitorMaker) -> None:
    who = visitor().open()
    handle = who.widget.locator(".resize")
    handle.focus()
    before = _box(who)
    who.page.keyboard.press("ArrowLeft")
    assert _box(who)["width"] == before["width"] + 24
    spot = handle.bounding_box()
    assert spot
    who.page.mouse.move(spot["x"] + 9, spot["y"] + 9)
    who.page.mouse.down()
    who.page.mouse.move(spot["x"] - 51, spot["y"] + 69)
    who.page.mouse.up()
    after = _box(who)
    assert after["width"] == before["width"] + 84
    assert after["height"] == before["height"] - 60
    who.page.reload()
    expect(who.panel).to_be_visible()
    assert _box(who) == after


def _box(who: Visitor) -> dict[str, float]:
    box = who.panel.evaluate("(n) => ({ width: n.offsetWidth, height: n.offsetHeight })")
    return {key: round(value) for key, value in box.items()}
