"""The demo site: pages, languages, the FAQ from the store, caching and the content policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from knowledge.store import KnowledgeStore
from knowledge.types import EntryContent
from retrieval.types import Entry
from web.settings import Settings
from web.site import site_router
from web.site.text import SITE_DIR, SITE_LANGS, load_text

PAGES = ("", "/help", "/faq", "/status", "/contact")


class FixedEntries:
    """A base that holds what a test gives it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def published(self) -> Sequence[Entry]:
        return self.entries


ENTRIES = (
    Entry(
        "router-reset",
        1,
        "en",
        "How do I reset my router?",
        "Hold the button.\n\nSee https://tidewire.example/x",
        topic="router",
    ),
    Entry(
        "zh-router-reset",
        1,
        "zh",
        "怎么重置路由器？",
        "按住按钮。",
        topic="router",
        translation_of="router-reset",
    ),
    Entry("zh-only", 1, "zh", "可以用微信支付吗？", "可以。", topic="billing"),
    Entry(
        "odd",
        1,
        "en",
        "<script>alert(1)</script> & co?",
        '<img src=x onerror="alert(1)">',
        ('"><b>',),
        "pets",
    ),
    Entry("loose", 1, "en", "No topic?", "None."),
)


def make_client(entries: Sequence[Entry] = ENTRIES) -> TestClient:
    app = FastAPI()
    store = FixedEntries(entries)
    app.include_router(site_router(lambda: store, Settings()))
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def client() -> TestClient:
    return make_client()


class Outline(HTMLParser):
    """Ids, links, resources and inline code of a page; complains about tags left open."""

    VOID = frozenset({"meta", "link", "input", "img", "br", "hr", "path", "circle"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.resources: list[str] = []
        self.forbidden: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given["href"]))
        for key in ("src", "href"):
            if tag in ("script", "link") and given.get(key) and given.get("rel") != "alternate":
                self.resources.append(str(given[key]))
        if tag == "style" or (tag == "script" and "src" not in given):
            self.forbidden.append(tag)
        self.forbidden += [name for name in given if name == "style" or name.startswith("on")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("lang", SITE_LANGS)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_in_both_languages(client: TestClient, lang: str, page: str) -> None:
    answer = client.get(f"/{lang}{page}")
    assert answer.status_code == 200
    assert answer.headers["content-language"] == lang
    outline = Outline(answer.text)
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.forbidden == []
    assert answer.text.count("<h1") == 1
    assert f'<html lang="{"zh-Hans" if lang == "zh" else "en"}"' in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_policy_forbids_everything_that_is_not_our_own(client: TestClient, page: str) -> None:
    policy = client.get(f"/en{page}").headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "*" not in policy


@pytest.mark.parametrize("lang", SITE_LANGS)
def test_internal_links_and_resources_lead_somewhere(client: TestClient, lang: str) -> None:
    pages = {page: Outline(client.get(f"/{lang}{page}").text) for page in PAGES}
    for page, outline in pages.items():
        for link in [*outline.links, *outline.resources]:
            path, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", link) or path == "/widget.js":
                continue
            answer = client.get(path or f"/{lang}{page}")
            assert answer.status_code == 200, link
            if anchor:
                assert anchor in Outline(answer.text).ids, link


def test_faq_has_an_anchor_for_every_entry_that_it_shows(client: TestClient) -> None:
    english = Outline(client.get("/en/faq").text).ids
    assert {"router-reset", "zh-only", "odd", "loose"} <= set(english)
    assert "zh-router-reset" not in english, "its translation stands there"
    chinese = Outline(client.get("/zh/faq").text).ids
    assert {"zh-router-reset", "zh-only", "odd", "loose"} <= set(chinese)
    assert "router-reset" not in chinese


def test_faq_keeps_the_order_of_the_copy_and_shows_new_topics(client: TestClient) -> None:
    ids = Outline(client.get("/en/faq").text).ids
    topics = [name for name in ids if name.startswith("topic-")]
    assert topics == ["topic-router", "topic-billing", "topic-pets", "topic-other"]


def test_entries_are_text_and_their_links_are_links(client: TestClient) -> None:
    html = client.get("/en/faq").text
    assert "&lt;script&gt;alert(1)" in html
    assert "<img src=x" not in html
    assert '<a href="https://tidewire.example/x" rel="nofollow noopener">' in html
    assert Outline(html).forbidden == []


def test_search_words_come_back_as_text(client: TestClient) -> None:
    html = client.get("/en/faq", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in html
    assert Outline(html).forbidden == []


def test_an_empty_base_is_said_so() -> None:
    client = make_client(())
    assert load_text("en").copy["faq_page"]["empty"] in client.get("/en/faq").text
    assert client.get("/zh/help").status_code == 200


def test_an_edit_is_on_the_next_page(sqlite_engine: Engine) -> None:
    store = KnowledgeStore(sqlite_engine)
    app = FastAPI()
    app.include_router(site_router(lambda: store, Settings()))
    client = TestClient(app)
    assert "Kept for a week" not in client.get("/en/faq").text
    content = EntryContent(
        "en", "How long?", "Kept for a week.", topic="orders", status="published"
    )
    entry = store.create(content, author="test")
    assert "Kept for a week" in client.get("/en/faq").text
    store.set_status(entry.id, "disabled", author="test")
    assert "Kept for a week" not in client.get("/en/faq").text


@pytest.mark.parametrize(
    ("accept", "lang"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr, en;q=0.5, zh;q=0.2", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("de", "en"),
        ("", "en"),
        ("zh;q=nonsense", "en"),
    ],
)
def test_addresses_without_a_language_follow_the_browser(
    client: TestClient, accept: str, lang: str
) -> None:
    answer = client.get("/faq?q=router", headers={"Accept-Language": accept})
    assert answer.status_code == 302
    assert answer.headers["location"] == f"/{lang}/faq?q=router"
    assert answer.headers["vary"] == "Accept-Language"
    assert client.get("/", headers={"Accept-Language": accept}).headers["location"] == f"/{lang}"


def test_static_files_are_kept_for_good_and_old_addresses_are_not_answered(
    client: TestClient,
) -> None:
    sheet = next(
        url for url in Outline(client.get("/en").text).resources if url.endswith("pages.css")
    )
    answer = client.get(sheet)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    old = re.sub(r"/site-assets/[0-9a-f]+/", "/site-assets/0123456789abcdef/", sheet)
    assert client.get(old).status_code == 404
    version = sheet.split("/")[2]
    assert client.get(f"/site-assets/{version}/%2e%2e/routes.py").status_code == 404
    assert client.get(f"/site-assets/{version}/fonts/instrument-sans-OFL.txt").status_code == 404


def test_pages_that_are_not_there_say_so_in_their_language(client: TestClient) -> None:
    answer = client.get("/zh/nothing/here")
    assert answer.status_code == 404
    assert load_text("zh").copy["not_found"]["title"] in answer.text


def test_only_its_own_addresses_are_taken(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 404
    assert client.get("/fr/faq").headers["content-type"].startswith("application/json")


def _keys(value: object, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_keys(inner, f"{path}.{key}") for key, inner in value.items()))
    if isinstance(value, list):
        return set().union(*(_keys(inner, f"{path}[{i}]") for i, inner in enumerate(value)))
    return {path}


def test_the_guide_says_the_same_in_both_languages() -> None:
    assert _keys(load_text("en").guide) == _keys(load_text("zh").guide)
    assert (SITE_DIR / "network_status.yml").is_file()


@pytest.mark.parametrize("path", ["/en", "/zh", "/en/faq", "/zh/help"])
def test_a_slash_at_the_end_leads_to_the_page(client: TestClient, path: str) -> None:
    moved = client.get(f"{path}/")
    assert moved.status_code == 308
    assert client.get(moved.headers["location"]).status_code == 200
