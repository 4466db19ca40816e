"""Reading a message as far as it needs, and ranking the entries for it.

A message is read alone first. Behind other turns it is read once more in their context, unless it
stands by itself and is understood already; one that seems to hold two questions is read part by
part. So the costly readings are spent only where they can change the outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from retrieval.calibration import Calibration
from retrieval.catalogue import Catalogue, Space
from retrieval.context import Completed, complete
from retrieval.earlier import BACK, Finds, Memory
from retrieval.features import Candidates, Found, Query, candidates_for, compared, found_by
from retrieval.language import detect, has_han, is_mixed
from retrieval.parts import parts_of
from retrieval.ranking import Ranking, rank
from retrieval.turns import Turn, turn_of
from retrieval.types import Encoder, Evidence, Lang, Ranked, Reading

#: A message that stands by itself and is understood so well is not read once more in its context:
#: on the fitting companies that changes nothing for the worse, and spares every second reading.
_SURE_ALONE = 0.6
#: Parts of a message are answered apart where two of them find different entries so surely: on
#: the fitting companies that parts half of the messages of two questions, and one story in 33.
_SURE_PART = 0.78

Locked = Callable[[], AbstractContextManager[Catalogue]]


class Searcher:
    """Answers searches over a catalogue; ``locked`` lends it for the time of a look."""

    def __init__(self, encoders: Mapping[Space, Encoder], locked: Locked) -> None:
        self._encoders = encoders
        self._locked = locked
        self._memory = Memory()

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
        look = self._look(text, lang or detect(text, history), history)
        ranker = _Ranker(look, calibration)
        alone = look.query(text)
        found = ranker.find(alone)
        ranking = ranker.rank(alone, found)
        used, apart = text, 1
        completed = complete(text, history)
        if completed.lean == "none":
            ranking, apart = ranker.answered_apart(text, ranking)
        sure = completed.lean == "none" and ranking.top >= _SURE_ALONE
        if history and apart == 1 and not sure:
            used = completed.query
            before = self._found_before(history, calibration)
            ranking = ranker.rank_turn(alone, found, history, completed, before)
        self._memory.put([*history, text], ranking.ranked)
        return Evidence(
            text=text,
            query=used,
            lang=look.lang,
            ranked=ranking.ranked[:limit],
            features=_message_features(ranking, text, used, apart),
            ms=dict(look.clock.ms),
        )

    def candidates(self, text: str, lang: Lang) -> Candidates:
        """The candidates of a message with their features; what fitting calibration looks at."""
        query = self._look(text, lang).query(text)
        with self._locked() as catalogue:
            return candidates_for(query, catalogue)

    def turn(self, text: str, calibration: Calibration, lang: Lang, history: Sequence[str]) -> Turn:
        """As :meth:`candidates`, of a message that follows others; what those found is judged by
        ``calibration``."""
        look = self._look(text, lang, history)
        completed = complete(text, history)
        alone, context = look.query(text), look.query(text, history, completed)
        before = self._found_before(history, calibration)
        with self._locked() as catalogue:
            found = found_by(alone, catalogue)
            return turn_of(alone, found, context, completed, before, catalogue)

    def spaces(self, text: str, lang: Lang, history: Sequence[str] = ()) -> list[Space]:
        """The encoders that a message needs: where all that it can mean is English, one is
        enough. All readings of a message are by the same, so that they can be compared."""
        if lang != "en" or has_han(text):
            return ["multi"]
        with self._locked() as catalogue:
            foreign = catalogue.speaks_more_than("en")
        return ["en", "multi"] if foreign or any(map(has_han, history)) else ["en"]

    def _look(self, text: str, lang: Lang, history: Sequence[str] = ()) -> _Look:
        return _Look(self._encoders, self._locked, lang, self.spaces(text, lang, history))

    def _found_before(self, history: Sequence[str], calibration: Calibration) -> list[Finds]:
        """What the last turns of ``history`` found, the latest first."""
        ends = range(len(history), max(0, len(history) - BACK), -1)
        return [self._found(history[:end], calibration) for end in ends]

    def _found(self, turns: Sequence[str], calibration: Calibration) -> Finds:
        known = self._memory.get(turns)
        if known is None:
            # A turn knows no more of those before it than is looked at, so this comes to an end.
            before = turns[-1 - BACK : -1]
            self.search(turns[-1], calibration, history=before, lang=None, limit=0)
            known = self._memory.get([*before, turns[-1]])
        return known or {}


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


@dataclass(frozen=True, slots=True)
class _Look:
    """All that stays the same while one message is looked at."""

    encoders: Mapping[Space, Encoder]
    locked: Locked
    lang: Lang
    spaces: Sequence[Space]
    clock: _Clock = field(default_factory=_Clock)

    def query(
        self, text: str, history: Sequence[str] = (), completed: Completed | None = None
    ) -> Query:
        """A text read by the encoders that it needs; with ``completed``, in its context.

        An encoder that was not trained to read what was said before is given the completed text.
        """
        read: dict[Space, Reading] = {}
        with self.clock("encode"):
            for space in self.spaces:
                encoder = self.encoders[space]
                if completed is None or encoder.reads_context:
                    turns = [turn for turn in history if space == "multi" or not has_han(turn)]
                    read[space] = encoder.read([text], "message", [turns])[0]
                else:
                    read[space] = encoder.read([completed.query])[0]
        return Query(completed.query if completed else text, self.lang, read)


@dataclass(frozen=True, slots=True)
class _Ranker:
    """Ranks the entries for what is looked at."""

    look: _Look
    calibration: Calibration

    def find(self, query: Query) -> Found:
        """What a look at the catalogue gives for a text that was read alone."""
        with self.look.clock("rank"), self.look.locked() as catalogue:
            return found_by(query, catalogue)

    def rank(self, query: Query, found: Found) -> Ranking:
        """The ranking of a text that was read alone, and of what was found for it."""
        with self.look.clock("rank"), self.look.locked() as catalogue:
            candidates = compared(found.ids, query, found, catalogue)
            judged = self.calibration.both(candidates, query.lang)
            return rank(candidates, *judged, catalogue.prepared, query.lang)

    def rank_turn(
        self,
        alone: Query,
        by_itself: Found,
        history: Sequence[str],
        completed: Completed,
        before: Sequence[Finds] = (),
    ) -> Ranking:
        """The ranking of a text that was read alone, and is read behind ``history`` too;
        ``by_itself`` is what was found for it alone."""
        context = self.look.query(alone.text, history, completed)
        with self.look.clock("rank"), self.look.locked() as catalogue:
            turn = turn_of(alone, by_itself, context, completed, before, catalogue)
            judged = self.calibration.of_turn(turn, alone.lang)
            return rank(turn.context, *judged, catalogue.prepared, alone.lang)

    def answered_apart(self, whole: str, ranking: Ranking) -> tuple[Ranking, int]:
        """The ranking with the answers of the message's parts on top, in their order, and how many
        they are; as it was, and 1, where the message holds a single question."""
        firsts: dict[str, Ranked] = {}
        parts = parts_of(whole, self.look.lang)
        for number, text in enumerate(parts):
            if len(firsts) + len(parts) - number < 2:
                break  # the rest cannot make it two
            part = self.look.query(text)
            found = self.find(part)
            if number:
                # "…, how much is that a month?" is about what was said before the comma.
                before = parts[:number]
                ranked = self.rank_turn(part, found, before, complete(text, before))
            else:
                ranked = self.rank(part, found)
            first = ranked.ranked[0] if ranked.ranked else None
            if first is not None and first.p >= _SURE_PART:
                known = firsts.setdefault(first.entry_id, first)
                firsts[first.entry_id] = max(known, first, key=lambda one: one.p)
        if len(firsts) < 2:
            return ranking, 1
        rest = [replace(one, p=0.0) for one in ranking.ranked if one.entry_id not in firsts]
        return Ranking((*firsts.values(), *rest), ranking.none), len(firsts)


def _message_features(ranking: Ranking, text: str, used: str, apart: int) -> Mapping[str, float]:
    first, second = (*(r.p for r in ranking.ranked[:2]), 0.0, 0.0)[:2]
    return {
        "margin": first - second,
        "none": ranking.none,
        "mixed": float(is_mixed(text)),
        "completed": float(used != text),
        "parts": float(apart),
    }
