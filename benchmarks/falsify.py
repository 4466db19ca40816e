"""Mechanical falsification: true sentences of the knowledge base, each made wrong in one point."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from generation.sentences import split
from generation.types import Source


@dataclass(frozen=True, slots=True)
class Falsified:
    """A wrong sentence, the entry that it was made from, and what was changed."""

    source: Source
    text: str
    kind: str


_NUMBER = re.compile(r"(?<![\w.:/-])(\d+)(?![\w.:/-]|\s?%)")
_PERCENT = re.compile(r"(\d+)(?=\s?%)")
_SWAPS_EN = {
    "unit": [("days", "weeks"), ("weeks", "months"), ("months", "days"), ("hours", "days"),
             ("minutes", "hours"), ("GB", "MB"), ("Mbit/s", "Gbit/s"), ("€", "$")],
    "order": [("before", "after"), ("after", "before"), ("until", "after")],
    "limit": [("at least", "at most"), ("up to", "at least"), ("within", "after")],
    "polarity": [("cannot", "can"), ("can ", "cannot "), (" is ", " is not "), (" not ", " "),
                 (" are ", " are not "), ("free", "charged"), ("without", "with")],
    "modal": [("must", "may"), ("has to", "may"), ("may ", "must ")],
    "person": [("We ", "You "), ("You ", "We ")],
}  # fmt: skip
_SWAPS_ZH = {
    "unit": [("个月", "天"), ("天", "周"), ("小时", "天"), ("分钟", "小时"), ("0 元", "0 欧元"),
             ("个工作日", "个月"), ("GB", "MB")],
    "order": [("之前", "之后"), ("之后", "之前"), ("前，", "后，"), ("后，", "前，")],
    "limit": [("至少", "最多"), ("最多", "至少"), ("以内", "以上"), ("超过", "少于")],
    "polarity": [("不能", "能"), ("可以", "不可以"), ("不会", "会"), ("不", ""), ("免费", "收费"),
                 ("没有", "有")],
    "modal": [("必须", "可以"), ("需要", "不需要")],
    "person": [("我们", "您")],
}  # fmt: skip
_ADDED = {
    "en": [("promise", " and you get a free month"), ("promise", ", guaranteed"),
           ("fact", " in all our shops"), ("link", " (see tidewire.example/offer-2)")],
    "zh": [("promise", "，并赠送一个月"), ("promise", "，我们保证"), ("fact", "，全国门店通用"),
           ("link", "（见tidewire.example/offer-2）")],
}  # fmt: skip


def falsified(sources: Sequence[Source]) -> Iterator[Falsified]:
    """All mechanical falsifications of all sentences of ``sources``, in a fixed order."""
    names = _names(sources)
    for source in sources:
        for sentence in split(source.answer):
            for kind, text in _variants(sentence, source.lang, names):
                if text != sentence and text not in source.answer:
                    yield Falsified(source, text, kind)


def _variants(sentence: str, lang: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for pattern, kind in ((_NUMBER, "number"), (_PERCENT, "percent")):
        change: Callable[[re.Match[str]], str] = lambda m: str(int(m.group(1)) + 1)  # noqa: E731
        yield kind, pattern.sub(change, sentence, count=1)
    swaps = _SWAPS_ZH if lang == "zh" else _SWAPS_EN
    for kind, pairs in swaps.items():
        for old, new in pairs:
            if old in sentence:
                yield kind, sentence.replace(old, new, 1)
    for name in names:
        if name in sentence:
            other = next(n for n in names if n != name and n not in sentence)
            yield "name", sentence.replace(name, other)
    bare = sentence.rstrip(".。!！")
    if not re.search(r"https?://\S+$", bare):
        for kind, tail in _ADDED[lang]:
            yield kind, bare + tail + ("。" if lang == "zh" else ".")


def _names(sources: Sequence[Source]) -> list[str]:
    found: dict[str, int] = {}
    for source in sources:
        for name in re.findall(
            r"(?:Fibre|Mobile|Surf|光纤|畅享|套餐)\s?(?:\d+|[SMLX]+\b)", source.answer
        ):
            found[name] = found.get(name, 0) + 1
    return sorted(found)
