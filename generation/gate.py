"""The groundedness gate: a sentence that its evidence does not support does not leave the house.

The gate reads a reply's sentence and every sentence of the evidence into the same form
(:mod:`generation.claims`) and asks whether one sentence of evidence supports it: each content
word, name, number with its unit and bound, link, negation, condition, modal and person has to
stand there, bound to the same things. It uses rules, no model, so that a refusal can be explained
and the same reply is judged the same way tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from generation.checks import objections
from generation.claims import Claim, Token
from generation.evidence import (
    Ground,
    grounds,
    known_names,
    language,
    verdict_of,
    without_opener,
)
from generation.reading import normalise, read
from generation.types import Source

_UNITS_EN = re.compile(
    r"\s*;\s*|,\s*(?:and|but|while|whereas)\s+|,\s+(?=otherwise\b)", re.IGNORECASE
)
_AND = re.compile(r"(?:,|\s+and)\s+(?=[A-Z])")
_UNITS_ZH = re.compile(r"[;；]|[,，](?=但|而|并且|而且|否则|另外)")
_PLACE_ZH = re.compile(r"(?:^|[,，])(?:在|对|除|从|当|到|关于)")
_COMMA_ZH = re.compile(r"[,，]")
_SHARED_WORDS = 2
# What begins so leans on the sentence before it and cannot be moved.
_LEANING = re.compile(
    r"^(?:after that|afterwards?|otherwise|then|in that case|此后|之后|否则|届时)", re.I
)
_POINTERS = frozenset({"it", "this", "that", "they", "这", "它", "价格"})
_QUESTION = re.compile(r"[?？][\"”』」]?$")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a sentence may be said, why not, and which entries it stands on."""

    supported: bool
    reasons: tuple[str, ...] = ()
    entry_ids: tuple[str, ...] = ()
    verbatim: bool = False


class Gate:
    """Judges sentences against the sources of one reply.

    Example: ``Gate().judge("It costs €10.", sources, "how much is it")``. Stateless and safe to
    share between threads.
    """

    def judge(
        self,
        sentence: str,
        sources: Sequence[Source],
        question: str = "",
        previous: Sequence[str] = (),
    ) -> Verdict:
        """Judge one sentence of a reply.

        ``question`` is the visitor's message, ``previous`` the sentences of the same reply that
        passed before; both are only used to tell what "it" is and which condition was stated.
        """
        return self.prepare(sources, question).judge(sentence, previous)

    def prepare(self, sources: Sequence[Source], question: str = "") -> Bench:
        """Read the sources once, to judge many sentences against them."""
        return Bench(sources, question)


class Bench:
    """The sources of one reply, read and ready to judge its sentences."""

    def __init__(self, sources: Sequence[Source], question: str = "") -> None:
        self._known = known_names(sources)
        self._grounds = grounds(sources)
        self._question = read(question, language(question), self._known) if question else None
        self._exact = {_plain(g.claim.text): g for g in self._grounds}

    def judge(self, sentence: str, previous: Sequence[str] = ()) -> Verdict:
        """Judge one sentence; see :meth:`Gate.judge`."""
        text = normalise(sentence)
        if not text:
            return Verdict(False, ("empty",))
        opening = verdict_of(text)
        body = without_opener(text)
        exact = self._exact.get(_plain(body))
        asked = self._asked(previous)
        whole = self._read(body)
        if exact is not None and not opening:
            return self._exact_verdict(exact, whole, asked)
        if _QUESTION.search(text):
            return Verdict(False, ("asks instead of answering",))
        if _says_nothing(whole):
            return self._courtesy(whole, opening)
        if not (whole.terms or whole.literals or _POINTERS & set(whole.values("light"))):
            return Verdict(False, ("a number without what it counts",))
        verdict = self._judge_whole(whole, asked)
        if not verdict.supported:
            verdict = self._judge_units(body, asked) or verdict
        if verdict.supported and opening:
            return self._opening(opening, whole, verdict)
        return verdict

    def beside_the_question(self, sentence: str, verdict: Verdict) -> bool:
        """Whether a supported sentence comes from a lesser entry and has no word of the question.

        The first source is the best evidence; what another one says has to be asked for.
        """
        if self._question is None or not self._grounds or not verdict.entry_ids:
            return False
        if verdict.entry_ids[0] == self._grounds[0].source_id:
            return False
        claim = self._read(sentence)
        shared = claim.terms & self._question.terms
        return len(shared) < _SHARED_WORDS and not claim.entities & self._question.entities

    def _read(self, text: str) -> Claim:
        return read(text, language(text), self._known)

    def _asked(self, previous: Sequence[str]) -> Claim | None:
        """The question, with the last name that the reply itself brought up."""
        for sentence in reversed(previous):
            claim = self._read(sentence)
            if claim.entities:
                names = tuple(Token("entity", n, 0) for n in sorted(claim.entities))
                terms = self._question.tokens if self._question else ()
                kept = tuple(t for t in terms if t.kind != "entity")
                return replace(claim, tokens=(*kept, *names))
        return self._question

    def _exact_verdict(self, ground: Ground, claim: Claim, asked: Claim | None) -> Verdict:
        about = [r for r in objections(claim, ground, asked) if r.startswith("speaks of")]
        return Verdict(not about, tuple(about), (ground.source_id,), verbatim=True)

    def _courtesy(self, claim: Claim, opening: str) -> Verdict:
        if opening:
            asked = self._question.terms if self._question else frozenset()
            fits = [g for g in self._grounds if g.verdict == opening and asked]
            fits = [g for g in fits if asked <= g.topic | g.asked]
            if fits:
                return Verdict(True, (), (fits[0].source_id,))
            return Verdict(False, (f"says {opening} without saying to what",))
        if claim.marks:
            return Verdict(False, ("asserts without saying what",))
        return Verdict(True)

    def _judge_whole(self, claim: Claim, asked: Claim | None) -> Verdict:
        best: list[str] = ["there is no evidence"]
        for index, ground in enumerate(self._grounds):
            found = objections(claim, ground, asked)
            if not found:
                return Verdict(True, (), (ground.source_id,))
            if index == 0 or len(found) < len(best):
                best = found
        return Verdict(False, tuple(best))

    def _judge_units(self, text: str, asked: Claim | None) -> Verdict | None:
        """Judge a sentence part by part where it is joined from several; None where it is not."""
        for parts in _splits(text):
            ids: list[str] = []
            carried: frozenset[str] = frozenset()
            if any(_LEANING.match(part.strip()) for part in parts):
                continue
            for part in parts:
                claim = self._read(part)
                if claim.entities:
                    carried = claim.entities
                elif carried:
                    names = tuple(Token("entity", n, -1) for n in sorted(carried))
                    claim = replace(claim, tokens=(*names, *claim.tokens))
                verdict = self._judge_whole(claim, asked)
                if _says_nothing(claim) or not verdict.supported:
                    break
                ids += verdict.entry_ids
            else:
                return Verdict(True, (), tuple(dict.fromkeys(ids)))
        return None

    def _opening(self, opening: str, claim: Claim, verdict: Verdict) -> Verdict:
        """ "Yes" and "no" are claims about the question."""
        used = [g for g in self._grounds if g.source_id in verdict.entry_ids]
        said = {g.verdict for g in used}
        negated = "not" in claim.marks
        asked = self._question.terms if self._question else frozenset()
        if opening in said and any(asked <= g.topic | g.asked | claim.terms for g in used):
            return verdict
        if {"yes": "no", "no": "yes"}[opening] in said:
            return Verdict(False, (f"the evidence does not say {opening}",))
        if (opening == "no") == negated and self._answers_question(claim):
            return verdict
        return Verdict(False, (f"nothing says {opening}",))

    def _answers_question(self, claim: Claim) -> bool:
        """Whether the sentence says all that the visitor asked about."""
        if self._question is None or "not" in self._question.marks:
            return False
        named = self._question.entities | set(self._question.literals)
        values = self._question.quantities
        held = all(any(v.same_value(q) for q in claim.quantities) for v in values)
        return named <= claim.entities | claim.literals and held


def _plain(text: str) -> str:
    return re.sub(r"[\s.。!！;；]+$", "", re.sub(r"\s+", " ", text)).lower()


def _says_nothing(claim: Claim) -> bool:
    return not (claim.terms or claim.quantities or claim.literals or claim.periods)


def _splits(text: str) -> list[list[str]]:
    """Ways to take a joined sentence apart."""
    if language(text) == "zh":
        ways = [_UNITS_ZH.split(text)]
        first = not _PLACE_ZH.search(text)
        if first and not {"if", "unless", "after", "before"} & read(text, "zh").marks:
            ways.append([p for w in _UNITS_ZH.split(text) for p in _COMMA_ZH.split(w)])
    else:
        ways = [_UNITS_EN.split(text), [p for w in _UNITS_EN.split(text) for p in _AND.split(w)]]
        ways[1] = ways[1] if all(_names_and_counts(p) for p in ways[1]) else []
    return [[p for p in way if p.strip()] for way in ways if len(way) > 1]


def _names_and_counts(text: str) -> bool:
    claim = read(text, "en")
    return bool(claim.entities and claim.quantities)
