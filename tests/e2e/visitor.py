"""A visitor at the browser: the page objects of the widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect

ANSWER_PATIENCE_MS = 30_000

#: Collects what a content policy refused; init scripts are not subject to it.
WATCH_POLICY = """
window.__refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__refused.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""


class Visitor:
    """One tab of one visitor. ``faults`` gathers console errors and page errors."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.add_init_script(WATCH_POLICY)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self._sockets: list[WebSocketRoute] = []

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def refused(self) -> list[str]:
        """What the content policy refused on this page."""
        found: list[str] = self.page.evaluate("window.__refused")
        return found

    def hold_sockets(self) -> None:
        """Lead the chat's sockets through our hands, so that :meth:`cut` can end them."""

        def route(socket: WebSocketRoute) -> None:
            socket.connect_to_server()
            self._sockets.append(socket)

        self.page.route_web_socket(lambda url: url.endswith("/v1/chat"), route)

    def cut(self) -> None:
        """End the newest socket as a lost network would."""
        self._sockets[-1].close(code=1011)

    @property
    def socket_count(self) -> int:
        """How many sockets were opened since :meth:`hold_sockets`."""
        return len(self._sockets)

    def goto(self, path: str) -> Visitor:
        """Open a page of the site and wait for the widget."""
        self.page.goto(self.url + path)
        expect(self.launcher).to_be_attached()
        return self

    def open(self, path: str = "/en") -> Visitor:
        """Open a page and the chat on it."""
        self.goto(path)
        self.launcher.click()
        expect(self.panel).to_be_visible()
        return self

    @property
    def widget(self) -> Locator:
        """The custom element; locators see through its open shadow root."""
        return self.page.locator("grapevine-chat")

    @property
    def launcher(self) -> Locator:
        """The round button."""
        return self.widget.locator(".launcher")

    @property
    def panel(self) -> Locator:
        """The chat itself."""
        return self.widget.locator(".panel")

    @property
    def input(self) -> Locator:
        """Where one writes."""
        return self.widget.locator(".input")

    @property
    def mine(self) -> Locator:
        """The visitor's messages."""
        return self.widget.locator(".row.user")

    @property
    def answers(self) -> Locator:
        """Answers that stand."""
        return self.widget.locator(".row.assistant.is-done")

    def say(self, text: str) -> None:
        """Write and send."""
        self.input.fill(text)
        self.input.press("Enter")

    def ask(self, text: str) -> Locator:
        """Write, send and wait for the answer; gives its row."""
        before = self.answers.count()
        self.say(text)
        expect(self.answers).to_have_count(before + 1, timeout=ANSWER_PATIENCE_MS)
        return self.answers.nth(before)

    def texts(self) -> list[str]:
        """All messages as they stand on the screen."""
        return [text.strip() for text in self.widget.locator(".slot-body").all_inner_texts()]

    def menu(self, words: str) -> None:
        """Choose from the menu behind the three dots."""
        self.widget.locator("[aria-haspopup=menu]").click()
        self.widget.locator(".menu button", has_text=words).click()


def focused(page: Page) -> str:
    """Class (or tag) of what has the focus, inside the widget too."""
    name: str = page.evaluate(
        """() => {
          let node = document.activeElement;
          while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
          return node.getAttribute("class") || node.tagName.toLowerCase();
        }"""
    )
    return name


def tab_until(page: Page, reached: Callable[[], bool], key: str = "Tab", most: int = 60) -> None:
    """Press a key until something is so."""
    for _ in range(most):
        if reached():
            return
        page.keyboard.press(key)
    raise AssertionError(f"not reached with {most} times {key}; focus is on {focused(page)!r}")
