"""Curated small talk: loaded from the YAML files of ``generation/smalltalk``, checked, picked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import yaml

from generation.errors import SmallTalkInvalid
from generation.smalltalk_gate import judge_small_talk

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "zh")


class SmallTalk:
    """Replies by language and intent.

    Example: ``SmallTalk.load().pick("greeting", "en", seed=conversation_id)``
    """

    def __init__(self, lines: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        self._lines = lines

    @classmethod
    def load(cls, folder: Path = FOLDER) -> SmallTalk:
        """Read and check ``en.yml`` and ``zh.yml``.

        Raises SmallTalkInvalid where a file is missing or malformed, where a line does not pass
        the small-talk gate, or where an intent exists in one language only.
        """
        lines = {lang: _read(folder / f"{lang}.yml") for lang in LANGUAGES}
        for intent in sorted(set(lines["en"]) ^ set(lines["zh"])):
            lang = "zh" if intent in lines["en"] else "en"
            raise SmallTalkInvalid(f"{lang}.yml: intent '{intent}' is missing; add its lines")
        return cls(lines)

    @property
    def intents(self) -> frozenset[str]:
        """Intents that have lines, the same in each language."""
        return frozenset(self._lines["en"])

    def lines(self, intent: str, lang: str) -> tuple[str, ...]:
        """All lines of an intent. Raises SmallTalkInvalid where the intent is unknown."""
        known = self._lines.get(lang, self._lines["en"])
        if intent not in known:
            raise SmallTalkInvalid(f"no small talk for intent '{intent}'; known: {sorted(known)}")
        return known[intent]

    def pick(self, intent: str, lang: str, seed: str, turn: int = 0) -> str:
        """One line, the same for the same arguments.

        ``seed`` (the conversation's id) decides where a conversation begins, and ``turn`` goes on
        from there, so that no line comes twice before all have come.
        """
        known = self.lines(intent, lang)
        start = int.from_bytes(hashlib.sha256(f"{seed}\n{intent}".encode()).digest()[:4], "big")
        return known[(start + turn) % len(known)]


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SmallTalkInvalid(f"{path.name} cannot be read: {error}") from error
    if not isinstance(content, dict) or not content:
        raise SmallTalkInvalid(f"{path.name}: expected a mapping of intent to a list of lines")
    return {
        str(intent): _checked(path.name, str(intent), lines) for intent, lines in content.items()
    }


def _checked(file: str, intent: str, lines: object) -> tuple[str, ...]:
    if not isinstance(lines, list) or not lines or not all(isinstance(x, str) for x in lines):
        raise SmallTalkInvalid(f"{file}: '{intent}' needs a list of at least one line of text")
    for line in lines:
        verdict = judge_small_talk(line)
        if not line.strip() or not verdict.supported:
            why = ", ".join(verdict.reasons) or "empty"
            raise SmallTalkInvalid(f"{file}: '{intent}': {line!r} must not be said ({why})")
    return tuple(lines)
