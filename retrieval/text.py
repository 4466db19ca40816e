"""Words of a text: normalising, terms for lexical search, content words, character n-grams."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

_HAN = "㐀-䶿一-鿿豈-﫿"
_TOKEN = re.compile(rf"[{_HAN}]+|[a-z0-9]+(?:'[a-z]+)?")
_HAN_RUN = re.compile(rf"[{_HAN}]")
_INVISIBLE = re.compile("[​-‏‪-‮⁠-⁤﻿\x00-\x08\x0b-\x1f\x7f]")
_SPACE = re.compile(r"\s+")

# Words that carry no topic; wh-words too, because nearly every entry is a question.
_STOPWORDS = """
a an and are as at be been but by can could did do does for from get got had has have he her hi
hello hey how i i'd i'll i'm i've if in into is it it's its just like me my need no not of on or our
please so some that that's the their them then there there's they thing this to u ur us want was we
were what what's when where which who why will with would you your about any am also anyone thanks
thank tell know help pls plz ok okay really very much many
"""
# Chinese function words and particles.
_HAN_STOPWORDS = """
的 了 吗 呢 吧 啊 呀 么 我 你 您 他 她 它 们 我们 你们 是 在 有 和 与 就 都 也 还 要 会 能
可以 可 想 请 请问 怎么 怎样 如何 什么 多少 哪 哪里 哪个 这 那 这个 那个 一 一个 个 上 下 里 到
给 把 被 不 没 没有 好 你好 谢谢 一下 怎 样 为什么 为何 谁 几 多 很 太 让 对 跟 从 去 来 说 得
着 过 办 用 问
"""
STOPWORDS = frozenset(_STOPWORDS.split())
HAN_STOPWORDS = frozenset(_HAN_STOPWORDS.split())
_SUFFIXES = ("ing", "ied", "ies", "ed", "es", "s", "ly")


def normalise(text: str) -> str:
    """NFKC, lower case, curly quotes straightened, invisible characters out, spaces folded."""
    folded = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    return _SPACE.sub(" ", _INVISIBLE.sub("", folded)).strip().lower()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A light English stem: the commonest endings off, doubled consonants and final e undone."""
    if len(word) < 4 or not word.isalpha():
        return word.removesuffix("'s")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            if suffix == "s" and word.endswith(("ss", "us", "is")):
                break
            word = word[: -len(suffix)] + ("y" if suffix in {"ied", "ies"} else "")
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeious":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def terms(text: str) -> list[str]:
    """Terms of lexical search: stemmed Latin words; for Han, single characters and pairs.

    Pairs need no dictionary, so that new words (product names, slang) are found at once.
    """
    found: list[str] = []
    for token in _TOKEN.findall(normalise(text)):
        if _HAN_RUN.match(token):
            found += [token[i : i + 2] for i in range(len(token) - 1)] or [token]
            found += [c for c in token if c not in HAN_STOPWORDS]
        elif token not in STOPWORDS:
            found.append(stem(token))
    return found


def content_words(text: str) -> set[str]:
    """Terms that carry the topic: stemmed words and Han pairs without function words."""
    found = set()
    for token in _TOKEN.findall(normalise(text)):
        if not _HAN_RUN.match(token):
            if token not in STOPWORDS:
                found.add(stem(token))
            continue
        for pair in (token[i : i + 2] for i in range(len(token) - 1)):
            if pair not in HAN_STOPWORDS and not all(c in HAN_STOPWORDS for c in pair):
                found.add(pair)
        if len(token) == 1 and token not in HAN_STOPWORDS:
            found.add(token)
    return found


def char_ngrams(text: str) -> Counter[str]:
    """Character n-grams inside words (3 and 4 long, for Han 1 and 2), robust against typos."""
    grams: Counter[str] = Counter()
    for token in _TOKEN.findall(normalise(text)):
        if _HAN_RUN.match(token):
            grams.update(token)
            grams.update(token[i : i + 2] for i in range(len(token) - 1))
            continue
        if token in STOPWORDS:
            continue
        padded = f" {token} "
        for size in (3, 4):
            grams.update(padded[i : i + size] for i in range(len(padded) - size + 1))
    return grams
