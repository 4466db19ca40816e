"""The last step before "ready": what would make the first visitor wait is done beforehand.

The first search of each language and the first judgement of the gate load tables (for Chinese a
dictionary of 80 MB, hence only where replies are composed in Chinese) and take their first pages
of memory. Afterwards the memory that loading left behind is given back.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Collection

from generation.gate import Gate
from generation.types import Source
from retrieval.types import Retriever

_QUESTIONS = {"en": "How do I restart my router?", "zh": "怎么重启路由器？"}
_SENTENCES = {"en": "Unplug the router for 30 seconds.", "zh": "拔掉电源，等 30 秒再插上。"}


def warm(retriever: Retriever, composed: Collection[str]) -> None:
    """Use every part once. ``composed``: languages in which replies are composed."""
    for question in _QUESTIONS.values():
        retriever.search(question)
    gate = Gate()
    for lang in composed:
        if lang in _SENTENCES:
            source = Source("warm", _QUESTIONS[lang], _SENTENCES[lang], lang)
            gate.judge(_SENTENCES[lang], [source], _QUESTIONS[lang])
    give_back_memory()
    # What is loaded stays: without this every full collection looks at all of it again, while
    # visitors wait.
    gc.collect()
    gc.freeze()


def give_back_memory() -> None:
    """Return freed memory to the system; only glibc keeps it and has a way to ask for it."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
