"""What a responder is given, and what all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from generation.smalltalk import SmallTalk
from retrieval.types import Evidence
from web.conversation.draft import Draft
from web.conversation.models import Earlier, EntryShown, Route, StoredMessage
from web.entrybook import BookEntry, EntryBook


@dataclass(frozen=True, slots=True)
class Directive:
    """What to do, as the bot (or the routing rule in its place) decided."""

    route: Route
    entry_ids: tuple[str, ...] = ()
    p: float = 0.0
    reason: str = ""
    text: str | None = None
    intent: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """All that is known of a turn when its words are to be made.

    ``lang`` is the visitor's language; ``history`` the messages before, oldest first.
    """

    user: StoredMessage
    lang: str
    evidence: Evidence
    directive: Directive
    history: tuple[Earlier, ...] = ()
    degraded: bool = False


class Responder(Protocol):
    """Makes the words of one route."""

    async def respond(self, turn: Turn, draft: Draft) -> None:
        """Write the answer into ``draft``; stop at once when cancelled."""


def curated(phrases: SmallTalk, occasion: str, turn: Turn) -> str:
    """A curated sentence for the occasion; none comes twice in a row in one conversation."""
    return phrases.pick(
        occasion, turn.lang, seed=turn.user.conversation_id, turn=turn.user.seq // 2
    )


def shown(found: BookEntry, turn: Turn) -> EntryShown:
    """An entry as the visitor sees it under the answer.

    An ``answer`` is as sure as its directive, whatever the words looked like: of "the second one"
    retrieval knows nothing, and the visitor chose.
    """
    entry, directive = found.entry, turn.directive
    p = {ranked.entry_id: ranked.p for ranked in turn.evidence.ranked}
    likely = p.get(entry.id, p.get(entry.translation_of or "", directive.p))
    if directive.route == "answer":
        likely = directive.p
    return EntryShown(
        id=entry.id,
        revision=entry.revision,
        question=entry.question,
        lang=entry.lang,
        p=likely,
        since=found.since,
    )


def entries_of(turn: Turn, book: EntryBook) -> list[BookEntry]:
    """The directive's entries in the visitor's language where possible, each once.

    An entry that was unpublished since the search is left out.
    """
    found: dict[str, BookEntry] = {}
    for entry_id in turn.directive.entry_ids:
        spoken = book.spoken(entry_id, turn.lang)
        if spoken is not None:
            found.setdefault(spoken.entry.id, spoken)
    return list(found.values())


def word_for_word(entries: Iterable[BookEntry], turn: Turn, phrases: SmallTalk) -> str:
    """The answers of ``entries`` as they stand, with one notice where they speak otherwise."""
    parts: list[str] = []
    noticed = False
    for found in entries:
        if found.entry.lang != turn.lang and not noticed:
            noticed = True
            parts.append(curated(phrases, "other_language", turn))
        parts.append(found.entry.answer)
    return "\n\n".join(parts)


class Responders:
    """The responder of each route."""

    def __init__(self, by_route: Mapping[str, Responder]) -> None:
        self._by_route = by_route

    async def respond(self, turn: Turn, draft: Draft) -> None:
        """Have the responder of the turn's route write; a finished text is passed on as it is."""
        if turn.directive.text is not None:
            draft.append(turn.directive.text)
        else:
            await self._by_route[turn.directive.route].respond(turn, draft)


def as_route(name: str) -> Route:
    """A route by its name, as the bot's contract spells it."""
    return cast(Route, name)
