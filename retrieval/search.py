"""Reading a message as far as it needs, and ranking the entries for it.

A message is read alone first. Behind other turns it is read once more in their context, unless it
stands by itself and is understood already; one that seems to hold two questions is read part by
part. So the costly readings are spent only where they can change the outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import numpy as np

from retrieval.calibration import Calibration
from retrieval.catalogue import Catalogue, Space
from retrieval.context import Completed, complete
from retrieval.features import Candidates, Found, Query, candidates_for, compared, found_by
from retrieval.language import detect, has_han, is_mixed
from retrieval.parts import parts_of
from retrieval.ranking import Ranking, rank
from retrieval.text import content_words
from retrieval.turns import LEANING, Turn
from retrieval.types import Encoder, Evidence, Lang, Ranked, Reading

#: A message that stands by itself and is understood so well is not read once more in its context.
_SURE_ALONE = 0.9
#: Parts of a message are answered apart where two of them find different entries so surely: on
#: the fitting companies that parts three in five messages of two questions, and one story in 37.
_SURE_PART = 0.7


class Searcher:
    """Answers searches over a catalogue; ``locked`` lends it for the time of a look."""

    def __init__(
        self,
        encoders: Mapping[Space, Encoder],
        locked: Callable[[], AbstractContextManager[Catalogue]],
    ) -> None:
        self._encoders = encoders
        self._locked = locked

    def search(
        self,
        text: str,
        calibration: Calibration,
        *,
        history: Sequence[str],
        lang: Lang | None,
        limit: int,
    ) -> Evidence:
        """See :meth:`retrieval.types.Retriever.search`."""
        chosen = lang or detect(text, history)
        clock = _Clock()
        spaces = self.spaces(text, chosen, history)
        alone = self.query(text, chosen, spaces, clock)
        ranking, found = self._rank(alone, calibration, clock)
        used, apart = text, 1
        completed = complete(text, history)
        if completed.lean == "none":
            ranking, apart = self._answered_apart(alone, spaces, ranking, calibration, clock)
        sure = completed.lean == "none" and ranking.top >= _SURE_ALONE
        if history and apart == 1 and not sure:
            used = completed.query
            ranking = self._rank_turn(alone, found, spaces, history, completed, calibration, clock)
        return Evidence(
            text=text,
            query=used,
            lang=chosen,
            ranked=ranking.ranked[:limit],
            features=_message_features(ranking, text, used, apart),
            ms=dict(clock.ms),
        )

    def candidates(self, text: str, lang: Lang) -> Candidates:
        """The candidates of a message with their features; what fitting calibration looks at."""
        query = self.query(text, lang, self.spaces(text, lang), _Clock())
        with self._locked() as catalogue:
            return candidates_for(query, catalogue)

    def turn(self, text: str, lang: Lang, history: Sequence[str]) -> Turn:
        """As :meth:`candidates`, of a message that follows others."""
        completed = complete(text, history)
        spaces = self.spaces(text, lang, history)
        alone = self.query(text, lang, spaces, _Clock())
        context = self.query(text, lang, spaces, _Clock(), history, completed)
        with self._locked() as catalogue:
            by_itself = found_by(alone, catalogue)
            return turn_of(alone, by_itself, context, completed, catalogue)

    def spaces(self, text: str, lang: Lang, history: Sequence[str] = ()) -> list[Space]:
        """The encoders that a message needs: where all that it can mean is English, one is
        enough. All readings of a message are by the same, so that they can be compared."""
        if lang != "en" or has_han(text):
            return ["multi"]
        with self._locked() as catalogue:
            foreign = catalogue.speaks_more_than("en")
        return ["en", "multi"] if foreign or any(map(has_han, history)) else ["en"]

    def query(
        self,
        text: str,
        lang: Lang,
        spaces: Sequence[Space],
        clock: _Clock,
        history: Sequence[str] = (),
        completed: Completed | None = None,
    ) -> Query:
        """The message read by the encoders that it needs; with ``completed``, in its context.

        An encoder that was not trained to read what was said before is given the completed text.
        """
        read: dict[Space, Reading] = {}
        with clock("encode"):
            for space in spaces:
                encoder = self._encoders[space]
                if completed is None or encoder.reads_context:
                    turns = [turn for turn in history if space == "multi" or not has_han(turn)]
                    read[space] = encoder.read([text], "message", [turns])[0]
                else:
                    read[space] = encoder.read([completed.query])[0]
        return Query(completed.query if completed else text, lang, read)

    def _rank(self, query: Query, calibration: Calibration, clock: _Clock) -> tuple[Ranking, Found]:
        with clock("rank"), self._locked() as catalogue:
            found = found_by(query, catalogue)
            candidates = compared(found.ids, query, found, catalogue)
            judged = calibration.both(candidates, query.lang)
            return rank(candidates, *judged, catalogue.prepared, query.lang), found

    def _rank_turn(
        self,
        alone: Query,
        by_itself: Found | None,
        spaces: Sequence[Space],
        history: Sequence[str],
        completed: Completed,
        calibration: Calibration,
        clock: _Clock,
    ) -> Ranking:
        """The ranking of a message that was read alone, and is read behind ``history`` too;
        ``by_itself`` is what was found for it, where it was looked for already."""
        lang = alone.lang
        context = self.query(alone.text, lang, spaces, clock, history, completed)
        with clock("rank"), self._locked() as catalogue:
            by_itself = by_itself or found_by(alone, catalogue)
            turn = turn_of(alone, by_itself, context, completed, catalogue)
            judged = calibration.of_turn(turn, lang)
            return rank(turn.context, *judged, catalogue.prepared, lang)

    def _answered_apart(
        self,
        whole: Query,
        spaces: Sequence[Space],
        ranking: Ranking,
        calibration: Calibration,
        clock: _Clock,
    ) -> tuple[Ranking, int]:
        """The ranking with the answers of the message's parts on top, in their order, and how many
        they are; as it was, and 1, where the message holds a single question."""
        firsts: dict[str, Ranked] = {}
        parts = parts_of(whole.text, whole.lang)
        for number, text in enumerate(parts):
            if len(firsts) + len(parts) - number < 2:
                break  # the rest cannot make it two
            part = self.query(text, whole.lang, spaces, clock)
            if number:
                # "…, how much is that a month?" is about what was said before the comma.
                before = parts[:number]
                completed = complete(text, before)
                found = self._rank_turn(part, None, spaces, before, completed, calibration, clock)
            else:
                found, _ = self._rank(part, calibration, clock)
            first = found.ranked[0] if found.ranked else None
            if first is not None and first.p >= _SURE_PART:
                known = firsts.setdefault(first.entry_id, first)
                firsts[first.entry_id] = max(known, first, key=lambda one: one.p)
        if len(firsts) < 2:
            return ranking, 1
        rest = [replace(one, p=0.0) for one in ranking.ranked if one.entry_id not in firsts]
        return Ranking((*firsts.values(), *rest), ranking.none), len(firsts)


class _Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.ms = {"encode": 0.0, "rank": 0.0}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.ms[stage] += (time.perf_counter() - started) * 1e3


def turn_of(
    alone: Query, by_itself: Found, context: Query, completed: Completed, catalogue: Catalogue
) -> Turn:
    """Both readings of a message, and what either found, compared by both; ``by_itself`` is what
    the first found."""
    in_context = found_by(context, catalogue)
    ids = dict.fromkeys([*by_itself.ids, *in_context.ids])
    judged = compared(ids, alone, by_itself, catalogue)
    words = content_words(completed.added)
    weight = {word: catalogue.lexical.idf(word) for word in words}
    total = sum(weight.values()) or 1.0
    held = [
        sum(weight[word] for word in words & catalogue.prepared[key].phrasing_words) / total
        for key in judged.ids
    ]
    read_on = compared(ids, context, in_context, catalogue)
    return Turn(judged, read_on, np.array(held), LEANING[completed.lean])


def _message_features(ranking: Ranking, text: str, used: str, apart: int) -> Mapping[str, float]:
    first, second = (*(r.p for r in ranking.ranked[:2]), 0.0, 0.0)[:2]
    return {
        "margin": first - second,
        "none": ranking.none,
        "mixed": float(is_mixed(text)),
        "completed": float(used != text),
        "parts": float(apart),
    }
