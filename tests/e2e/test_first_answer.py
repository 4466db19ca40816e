"""The first right, sourced answer, in both languages, on a desktop and on a phone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import VisitorMaker
from tests.e2e.visitor import Visitor

QUESTIONS = {
    "en": ("Which home internet plans do you have and what do they cost?", "€29", "fibre-plans"),
    "zh": ("家庭宽带有哪些套餐，多少钱一个月？", "€29", "zh-fibre-plans"),
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_right_answer_with_its_source(
    visitor: VisitorMaker,
    screenshot: Callable[[Visitor, str], None],
    lang: str,
    phone: bool,
    dark: bool,
) -> None:
    question, fact, entry_id = QUESTIONS[lang]
    who = visitor(phone=phone, dark=dark).goto(f"/{lang}")
    name = f"{lang}-{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}"
    screenshot(who, f"home-{name}")
    who.launcher.click()
    screenshot(who, f"open-{name}")
    answer = who.ask(question)
    expect(answer.locator(".slot-body")).to_contain_text(fact)
    expect(answer.locator(".slot-body")).to_have_attribute("lang", lang)
    expect(answer.locator(".source-name")).to_have_text(question)
    expect(answer.locator(".notice")).to_have_count(0)
    screenshot(who, f"answer-{name}")

    answer.locator(".source-toggle").click()
    details = answer.locator(".source-details")
    expect(details).to_contain_text("%")
    expect(details).to_contain_text("In our answers since" if lang == "en" else "起收录")
    expect(details).not_to_contain_text("customers")
    screenshot(who, f"source-{name}")
    link = details.locator(".entry-facts a")
    expect(link).to_have_attribute("href", f"/{lang}/faq#{entry_id}")
    link.click()
    entry = who.page.locator(f"#{entry_id}")
    expect(entry).to_have_attribute("open", "")
    expect(entry).to_contain_text(fact)
    assert who.faults == []
    assert who.refused() == []


def test_streaming_shows_the_beginning_before_the_end(visitor: VisitorMaker) -> None:
    who = visitor().open()
    who.page.evaluate(
        """() => {
          window.__lengths = new Set();
          const root = document.querySelector("grapevine-chat").shadowRoot;
          new MutationObserver(() => {
            const body = root.querySelector(".row.assistant .slot-body");
            if (body) window.__lengths.add(body.textContent.length);
          }).observe(root, { subtree: true, childList: true, characterData: true });
        }"""
    )
    who.ask(QUESTIONS["en"][0])
    final = len(who.answers.first.locator(".slot-body").text_content() or "")
    lengths = who.page.evaluate("Array.from(window.__lengths)")
    assert max(lengths) == final


def test_chinese_is_drawn_with_real_glyphs(visitor: VisitorMaker) -> None:
    """A missing glyph is a box, the same for every character: each must differ from it."""
    fonts = subprocess.run(
        [shutil.which("fc-list") or "fc-list", ":lang=zh-cn"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert fonts.stdout.strip(), "no font for Chinese: run scripts/system-deps"
    who = visitor().open("/zh")
    drawn = who.page.evaluate(
        """() => {
          const input = document.querySelector("grapevine-chat").shadowRoot.querySelector(".input");
          const family = getComputedStyle(input).fontFamily;
          return Array.from("潮讯路由器重置套餐请问𠮷\\u{10FFFE}").map((glyph) => {
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = 64;
            const pen = canvas.getContext("2d");
            pen.font = `48px ${family}`;
            pen.textBaseline = "top";
            pen.fillText(glyph, 4, 4);
            return pen.getImageData(0, 0, 64, 64).data.join();
          });
        }"""
    )
    *glyphs, box = drawn
    assert box not in glyphs
    assert len(set(glyphs)) == len(glyphs)
