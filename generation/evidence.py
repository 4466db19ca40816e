"""Sources into sentences that a reply may stand on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generation import lexicon_en, lexicon_zh
from generation.claims import Claim, Token
from generation.reading import normalise, read
from generation.sentences import split
from generation.types import Source

_WIDE = re.compile("[\u3400-\u9fff]")
_YES = re.compile(
    r"^(?:yes|of course|certainly|是的|可以|能|对|当然|没问题)(?=[,.!，。！:：\s]|$)", re.IGNORECASE
)
_NO = re.compile(
    r"^(?:no|不可以|不能|不行|不是|不|没有|暂不支持)(?=[,.!，。！:：]|$)", re.IGNORECASE
)
_SEMICOLON = re.compile(r"[;；]\s*|[,，]\s*(?=otherwise\b|否则)")


@dataclass(frozen=True)
class Ground:
    """One sentence of evidence.

    ``topic``: words of the question that the source answers, which its sentences are about.
    ``names``: names that hold here although an earlier sentence or the question says them.
    ``asked``: names in the question that the source answers.
    ``elsewhere``: what other sentences of the same answer are about.
    ``verdict``: "yes" or "no" where the source opens so.
    """

    claim: Claim
    source_id: str
    topic: frozenset[str]
    topic_text: str
    names: frozenset[str]
    asked: frozenset[str]
    elsewhere: frozenset[str]
    verdict: str


def language(text: str) -> str:
    """The language of a sentence, by its script."""
    return "zh" if _WIDE.search(text) else "en"


def verdict_of(text: str) -> str:
    """ "yes", "no" or "": how a text opens."""
    if _NO.match(text):
        return "no"
    return "yes" if _YES.match(text) else ""


def without_opener(text: str) -> str:
    """The text behind "Yes," and its like."""
    pattern = lexicon_zh.COURTESY if language(text) == "zh" else lexicon_en.COURTESY
    shorter = re.sub(pattern, "", text, flags=re.IGNORECASE)
    return shorter or text


def compete(one: str, other: str) -> bool:
    """Whether two names exclude each other: "fibre 100" and "fibre 500", "4g" and "5g"."""
    if one == other:
        return False
    first, second = _shape(one), _shape(other)
    return first == second


def _shape(name: str) -> str:
    if " " in name:
        return name.rsplit(" ", 1)[0]
    if any(c.isdigit() for c in name):
        return re.sub(r"\d+", "0", name)
    return "name"


def known_names(sources: Sequence[Source]) -> frozenset[str]:
    """Names with a number or a letter ("fibre 500"), to be known in lower case too."""
    names: set[str] = set()
    for source in sources:
        for text in (*split(source.question), *split(source.answer)):
            names.update(n for n in read(text, language(text)).entities if " " in n or n.isalnum())
    return frozenset(n for n in names if " " in n or any(c.isdigit() for c in n))


def grounds(sources: Sequence[Source]) -> list[Ground]:
    """All sentences of evidence, in order."""
    known = known_names(sources)
    return [ground for source in sources for ground in _of_source(source, known)]


def _of_source(source: Source, known: frozenset[str]) -> list[Ground]:
    question = read(source.question, language(source.question), known)
    verdict = verdict_of(normalise(source.answer))
    made = []
    carried = question.entities
    claims = [read(s, language(s), known) for s in _sentences(source.answer)]
    for claim in claims:
        own = claim.entities
        names = frozenset(n for n in carried if not any(compete(n, o) for o in own)) | own
        made.append(_ground(claim, claims, source, question, names, verdict))
        if own:
            # Only what the sentence is about lives on; a plan that it excludes does not.
            subject = frozenset(claim.values("entity")[:1])
            carried = question.entities | subject if names & subject else carried
    if verdict:
        asserted = _asserted(question, verdict)
        made.append(_ground(asserted, (), source, question, question.entities, verdict))
    return made


def _ground(
    claim: Claim,
    claims: Sequence[Claim],
    source: Source,
    question: Claim,
    names: frozenset[str],
    verdict: str,
) -> Ground:
    # What another sentence of the answer is about is not what this one is about: of "a bigger
    # plan" and "a smaller plan" in the question, each sentence speaks of its own.
    elsewhere = frozenset(t for c in claims for t in c.values("term")[:1]) - claim.terms
    topic = question.terms - question.entities
    return Ground(
        claim,
        source.entry_id,
        topic,
        question.haystack,
        names,
        question.entities,
        elsewhere,
        verdict,
    )


def _sentences(answer: str) -> list[str]:
    found = []
    for sentence in split(normalise(answer)):
        text = without_opener(sentence)
        found.append(text)
        parts = [p for p in _SEMICOLON.split(text) if p]
        if len(parts) > 1:
            found += parts
    return found


def _asserted(question: Claim, verdict: str) -> Claim:
    """A question that was answered with yes or no, as a statement."""
    tokens = list(question.tokens)
    if verdict == "no":
        clause = tokens[0].clause if tokens else 0
        tokens.insert(0, Token("mark", "not", clause))
    return replace(question, tokens=tuple(tokens))
