"""Pages of the demo site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web.settings import Settings
from web.site.assets import Assets
from web.site.text import SITE_LANGS, SiteLang, load_text
from web.site.topics import PublishedEntries, TopicGroup, group_by_topic

#: Pages below /en and /zh; "" is the start page.
PAGES = ("", "help", "faq", "status", "contact")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

_SITE_DIR = Path(__file__).resolve().parent
_YEAR_S = 31_536_000


def site_router(store_getter: Callable[[], PublishedEntries], settings: Settings) -> APIRouter:
    """The site's routes; ``store_getter`` is asked for the store at every request."""
    site = _Site(store_getter, settings)
    router = APIRouter(include_in_schema=False)
    for page in PAGES:
        router.add_api_route(f"/{page}", _redirect(page), methods=["GET"])
        for lang in SITE_LANGS:
            path = f"/{lang}/{page}".rstrip("/")
            router.add_api_route(path, site.page(lang, page or "home"), methods=["GET"])
            router.add_api_route(f"{path}/", _moved(path), methods=["GET"])
    router.add_api_route("/site-assets/{version}/{name:path}", site.asset, methods=["GET"])
    router.add_api_route("/favicon.ico", site.favicon, methods=["GET"])
    for lang in SITE_LANGS:
        path = f"/{lang}/{{rest:path}}"
        router.add_api_route(path, site.page(lang, "not_found", 404), methods=["GET"])
    return router


class _Site:
    """What the routes share: templates, static files, and where entries come from."""

    def __init__(self, store_getter: Callable[[], PublishedEntries], settings: Settings) -> None:
        self._store_getter = store_getter
        self._settings = settings
        self._assets = Assets()
        self._services = yaml.safe_load(
            (_SITE_DIR / "network_status.yml").read_text(encoding="utf-8")
        )
        self._templates = Environment(
            loader=FileSystemLoader(_SITE_DIR / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, lang: SiteLang, name: str, status: int = 200) -> Callable[..., Any]:
        """The handler of one page in one language; it reads the store, so it runs in a thread."""

        def show(request: Request) -> Response:
            return self._render(request, lang, name, status)

        return show

    async def asset(self, version: str, name: str) -> Response:
        """A static file, kept by browsers for good."""
        asset = self._assets.get(version, name)
        if asset is None:
            return Response(status_code=404, headers={"Cache-Control": "no-store"})
        headers = {
            "Cache-Control": f"public, max-age={_YEAR_S}, immutable",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(asset.content, media_type=asset.media_type, headers=headers)

    async def favicon(self) -> Response:
        """Browsers ask for this address whatever the page says."""
        return RedirectResponse(self._assets.url("mark.svg"), 302)

    def _render(self, request: Request, lang: SiteLang, name: str, status: int) -> HTMLResponse:
        text = load_text(lang)
        groups: tuple[TopicGroup, ...] = ()
        if name in ("help", "faq"):
            groups = group_by_topic(self._store_getter().published(), text)
        other: SiteLang = "zh" if lang == "en" else "en"
        html = self._templates.get_template(f"{name}.html").render(
            lang=lang,
            other_lang=other,
            page="" if name in ("home", "not_found") else name,
            copy=text.copy,
            guide=text.guide,
            groups=groups,
            asset=self._assets.url,
            services=self._services,
            now=datetime.now(UTC),
            query=request.query_params.get("q", "")[:200],
            support_email=self._settings.support_email,
            support_hours=self._settings.support_hours,
        )
        headers = SECURITY_HEADERS | {"Cache-Control": "no-cache", "Content-Language": lang}
        return HTMLResponse(html, status, headers=headers)


def preferred_lang(request: Request) -> SiteLang:
    """The first of our languages in Accept-Language, English where it names neither."""
    ranked: list[tuple[float, int, SiteLang]] = []
    for place, part in enumerate(request.headers.get("accept-language", "").split(",")):
        tag, _, quality = part.strip().partition(";q=")
        start = tag.lower().split("-")[0]
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if start in SITE_LANGS and weight > 0:
            ranked.append((-weight, place, start))
    return min(ranked)[2] if ranked else "en"


def _moved(path: str) -> Callable[[], RedirectResponse]:
    """A handler that sends an address with a slash at its end to the one without."""

    def move() -> RedirectResponse:
        return RedirectResponse(path, status_code=308)

    return move


def _redirect(page: str) -> Callable[..., Any]:
    """To the visitor's language; browsers carry the part after # along."""

    async def redirect(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        target = f"/{preferred_lang(request)}/{page}".rstrip("/") + query
        return RedirectResponse(target, 302, headers={"Vary": "Accept-Language"})

    return redirect
