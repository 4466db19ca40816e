"""The words of the site: copy and chat guide of each language, from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

SITE_DIR = Path(__file__).resolve().parent

SiteLang = Literal["en", "zh"]
SITE_LANGS: tuple[SiteLang, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class SiteText:
    """All words of one language. ``copy`` is the site's, ``guide`` explains the chat."""

    lang: SiteLang
    copy: Mapping[str, Any]
    guide: Mapping[str, Any]

    def topic(self, key: str) -> str:
        """Name of a topic; topics that a team added have their key as name."""
        names: Mapping[str, str] = self.copy["topics"]
        return names.get(key, key)


@cache
def load_text(lang: SiteLang) -> SiteText:
    """Words of ``lang``. Raises OSError or yaml.YAMLError where a file is missing or damaged."""
    return SiteText(lang, _read("copy", lang), _read("guide", lang))


def _read(folder: str, lang: SiteLang) -> Mapping[str, Any]:
    loaded = yaml.safe_load((SITE_DIR / folder / f"{lang}.yml").read_text(encoding="utf-8"))
    words: Mapping[str, Any] = loaded
    return words
