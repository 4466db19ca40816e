"""Composing a reply: the model writes, the gate lets whole sentences through.

What leaves here is typed: :class:`Sentence` for one that passed, :class:`Replaced` when the
fallback takes the place of the reply, and :class:`Finished` once, at the end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from generation.errors import GenerationError, GenerationTimeout
from generation.evidence import without_opener
from generation.gate import Bench, Gate, Verdict
from generation.sentences import SentenceSplitter, is_complete, join
from generation.tidy import ends_reply, is_opener, quotation_ends, same, tidy
from generation.types import GenerationRequest, Generator, Source
from generation.watch import watched

_LOG = logging.getLogger(__name__)
_MAX_SENTENCES = 3
_DECLINE = {
    "en": "I have no reliable answer to that.",
    "zh": "这个问题我没有可靠的答案。",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence that passed; append it to the reply. ``text`` holds its own separator."""

    text: str
    entry_ids: tuple[str, ...] = ()
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """The fallback, in place of all sentences before. ``entry_ids`` is empty for an honest no."""

    text: str
    reasons: tuple[str, ...]
    entry_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """The end. ``survived``: the reply is the model's. ``tries`` counts runs of the model."""

    text: str
    entry_ids: tuple[str, ...]
    survived: bool
    cancelled: bool = False
    tries: int = 0
    refused: tuple[tuple[str, tuple[str, ...]], ...] = ()


Piece = Sentence | Replaced | Finished


@dataclass
class _Draft:
    """The reply so far."""

    passed: list[str] = field(default_factory=list)
    entry_ids: list[str] = field(default_factory=list)
    refused: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    tries: int = 0
    failed: bool = False

    def accept(self, text: str, verdict: Verdict, lang: str) -> Sentence:
        separator = "" if not self.passed or lang == "zh" else " "
        self.passed.append(text)
        self.entry_ids += [i for i in verdict.entry_ids if i not in self.entry_ids]
        return Sentence(separator + text, verdict.entry_ids, verdict.verbatim)


class Composer:
    """Writes a reply with a generator, sentence by sentence through the gate.

    ``deadline_s`` bounds the whole reply in seconds; ``retries`` is how often a refused sentence
    is tried again before the fallback takes over; ``decline`` is the honest no by language.
    Safe to share between threads.
    """

    def __init__(
        self,
        generator: Generator,
        gate: Gate | None = None,
        *,
        deadline_s: float = 12.0,
        retries: int = 1,
        decline: Mapping[str, str] | None = None,
    ) -> None:
        self.generator = generator
        self._gate = gate or Gate()
        self._deadline_s = deadline_s
        self._retries = retries
        self._decline = dict(decline or _DECLINE)

    def compose(self, request: GenerationRequest, cancel: threading.Event) -> Iterator[Piece]:
        """Yield what happens to the reply; the last piece is always :class:`Finished`.

        Never raises for what the model does: a generator that fails, hangs or does not speak the
        language ends in the fallback. After ``cancel`` the sentences so far are kept.
        """
        draft = _Draft()
        reasons: tuple[str, ...] = ()
        if not request.sources:
            reasons = ("there is no evidence",)
        elif request.lang not in self.generator.languages:
            reasons = (f"{self.generator.name} does not write {request.lang}",)
        else:
            try:
                yield from self._write(request, cancel, draft)
            except GenerationTimeout:
                reasons = ("deadline",)
            except (GenerationError, RuntimeError, ValueError, OSError) as error:
                _LOG.warning("the generator failed: %s", error)
                reasons = (f"the generator failed: {type(error).__name__}",)
        if cancel.is_set() and draft.passed:
            yield self._finished(draft, request, cancelled=True)
            return
        if not reasons and (draft.failed or not draft.passed):
            reasons = draft.refused[-1][1] if draft.refused else ("nothing was written",)
        if reasons:
            fallback = self._fallback(request, reasons)
            yield fallback
            yield Finished(fallback.text, fallback.entry_ids, survived=False,
                           cancelled=cancel.is_set(), tries=draft.tries,
                           refused=tuple(draft.refused))  # fmt: skip
            return
        yield self._finished(draft, request, cancelled=False)

    def _finished(self, draft: _Draft, request: GenerationRequest, *, cancelled: bool) -> Finished:
        return Finished(
            join(draft.passed, request.lang),
            tuple(draft.entry_ids),
            survived=True,
            cancelled=cancelled,
            tries=draft.tries,
            refused=tuple(draft.refused),
        )

    def _fallback(self, request: GenerationRequest, reasons: tuple[str, ...]) -> Replaced:
        best = best_entry(request)
        if best is None:
            text = self._decline.get(request.lang) or _DECLINE["en"]
            return Replaced(text, reasons)
        return Replaced(best.answer, reasons, (best.entry_id,))

    def _write(
        self, request: GenerationRequest, cancel: threading.Event, draft: _Draft
    ) -> Iterator[Sentence]:
        """Run the model until a run ends without a refusal, or the tries are used up."""
        deadline = time.monotonic() + self._deadline_s
        bench = self._gate.prepare(request.sources, request.text)
        for attempt in range(self._retries + 1):
            draft.tries, draft.failed = attempt + 1, False
            start = join(draft.passed, request.lang)
            again = replace(
                request,
                # Less to read leads a small model less astray.
                sources=request.sources[:1] if attempt else request.sources,
                prefix=start,
            )
            yield from self._run(again, cancel, deadline, bench, draft)
            if cancel.is_set() or (draft.passed and not draft.failed):
                return

    def _run(
        self,
        request: GenerationRequest,
        cancel: threading.Event,
        deadline: float,
        bench: Bench,
        draft: _Draft,
    ) -> Iterator[Sentence]:
        """One run of the model, up to its end or the first sentence that the gate refuses."""
        for text in _sentences(self.generator, request, cancel, deadline):
            if ends_reply(text) or len(draft.passed) >= _MAX_SENTENCES:
                return
            sentence = tidy(text)
            if not sentence or is_opener(sentence) or _echo(sentence, request):
                continue
            if any(same(sentence, p) for p in draft.passed):
                return
            sentence, verdict = _judged(bench, sentence, draft.passed)
            if verdict.supported and bench.beside_the_question(sentence, verdict):
                if draft.passed:
                    return
                verdict = Verdict(False, ("beside the question",))
            if not verdict.supported:
                draft.failed = True
                draft.refused.append((sentence, verdict.reasons))
                return
            yield draft.accept(sentence, verdict, request.lang)
            if quotation_ends(text):
                return


def best_entry(request: GenerationRequest) -> Source | None:
    """The first source in the visitor's language, else the first one."""
    own = (s for s in request.sources if s.lang == request.lang)
    return next(own, request.sources[0] if request.sources else None)


def _sentences(
    generator: Generator,
    request: GenerationRequest,
    cancel: threading.Event,
    deadline: float,
) -> Iterator[str]:
    """Complete sentences of one run; what is cut off at the end is dropped."""
    splitter = SentenceSplitter()
    stream = watched(generator, request, cancel, deadline)
    for piece in stream:
        yield from splitter.feed(piece)
    for rest in splitter.flush():
        if cancel.is_set():
            return
        if is_complete(rest):
            yield rest
        elif quotation_ends(rest):
            yield f'{tidy(rest)}."'


def _judged(bench: Bench, sentence: str, passed: list[str]) -> tuple[str, Verdict]:
    """Judge a sentence; where only its "Yes," is too much, go on without it."""
    verdict = bench.judge(sentence, passed)
    body = without_opener(sentence)
    if verdict.supported or body == sentence:
        return sentence, verdict
    shorter = body[:1].upper() + body[1:]
    again = bench.judge(shorter, passed)
    return (shorter, again) if again.supported else (sentence, verdict)


def _echo(sentence: str, request: GenerationRequest) -> bool:
    """Whether the model only said the question again."""
    questions = (request.text, *(s.question for s in request.sources))
    return any(same(sentence, q) for q in questions)
