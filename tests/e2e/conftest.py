"""The product, a browser, and visitors for it. Browser tests never skip."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.product import ROOT, START_PATIENCE_S, running
from tests.e2e.shop import Shop
from tests.e2e.visitor import Visitor

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = ROOT / "build" / "screenshots"

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}

VisitorMaker = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder start the product; its first start may take long."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(START_PATIENCE_S + 300))


@pytest.fixture(scope="package")
def shop() -> Iterator[Shop]:
    """A web server of somebody else, whose pages embed the chat."""
    with Shop() as shop:
        yield shop


@pytest.fixture(scope="package")
def product(shop: Shop) -> Iterator[str]:
    """Address of the running product."""
    folder = Path(tempfile.mkdtemp(prefix="gv-e2e-"))
    try:
        with running(folder, shop.origin) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    assert Path(CHROMIUM).exists(), "Chromium is missing: run scripts/system-deps"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGS))
        yield browser
        browser.close()


@pytest.fixture
def visitor(product: str, browser: Browser) -> Iterator[VisitorMaker]:
    """Makes visitors, each with a fresh profile: ``visitor(phone=…, dark=…, **context)``."""
    contexts = []

    def make(*, phone: bool = False, dark: bool = False, **options: Any) -> Visitor:
        context = browser.new_context(
            **(PHONE if phone else DESKTOP),
            color_scheme="dark" if dark else "light",
            **{"locale": "en-GB", "accept_downloads": True, **options},
        )
        contexts.append(context)
        return Visitor(context, product)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def screenshot() -> Callable[[Visitor, str], None]:
    """Saves what a visitor sees under build/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def save(who: Visitor, name: str) -> None:
        who.page.evaluate("document.fonts.ready.then(() => true)")
        who.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    return save
