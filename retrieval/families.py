"""In which languages each answer exists: an entry and its translations are one family."""

from __future__ import annotations

from retrieval.types import Lang

_NUMBER: dict[Lang, int] = {"en": 0, "zh": 1}


class Families:
    """Counts by family and language, kept up edit by edit."""

    def __init__(self) -> None:
        self._members: dict[str, tuple[int, int]] = {}
        self._lacking = [0, 0]

    def add(self, family: str, lang: Lang) -> None:
        """One more entry of the family."""
        self._change(family, lang, 1)

    def remove(self, family: str, lang: Lang) -> None:
        """One entry less; it must have been added."""
        self._change(family, lang, -1)

    def some_lack(self, lang: Lang) -> bool:
        """Whether some family has no entry in ``lang``."""
        return self._lacking[_NUMBER[lang]] > 0

    def _change(self, family: str, lang: Lang, by: int) -> None:
        before = self._members.get(family, (0, 0))
        en, zh = before
        after = (en + by, zh) if lang == "en" else (en, zh + by)
        self._count(before, -1)
        self._count(after, 1)
        if any(after):
            self._members[family] = after
        else:
            self._members.pop(family, None)

    def _count(self, members: tuple[int, int], by: int) -> None:
        if any(members):
            for number, have in enumerate(members):
                self._lacking[number] += by * (have == 0)
