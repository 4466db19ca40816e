"""How a reply may begin: the first words of the source sentences that fit the question best.

A small model that went astray by itself mostly stays with a sentence that was begun for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from generation.evidence import grounds, language
from generation.reading import read
from generation.sentences import split
from generation.types import GenerationRequest, Source

_WORDS = 3


def openings(request: GenerationRequest) -> list[str]:
    """Beginnings of three words, best first."""
    return [" ".join(s.split()[:_WORDS]) for s in ranked_sentences(request.sources, request.text)]


def ranked_sentences(sources: Sequence[Source], question: str) -> list[str]:
    """Sentences of the sources by the words that they share with the question.

    A source that is named earlier is the better evidence, so that rank decides between equals.
    """
    asked = read(question, language(question)).terms
    topics = {g.source_id: g.topic for g in grounds(sources)}
    scored = []
    for rank, source in enumerate(sources):
        about = len(topics.get(source.entry_id, frozenset()) & asked)
        for place, sentence in enumerate(split(source.answer)):
            if len(sentence.split()) <= _WORDS:
                continue
            shared = len(read(sentence, language(sentence)).terms & asked)
            scored.append((-(2 * shared + about), rank, place, sentence))
    return [sentence for *_, sentence in sorted(scored)]
