"""Verdicts and thumbs become judgements: on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from knowledge.database import metadata
from retrieval.refit import Judgement
from web.conversation import ids
from web.conversation.aftercare import Aftercare
from web.conversation.history import History
from web.conversation.log import ConversationLog
from web.conversation.models import EntryShown, Provenance, StoredMessage, UserMessage
from web.conversation.storage import Database
from web.judging import THUMB_WEIGHT, Collected, Judging, JudgingError, verdict_in

RANKING = (
    {"id": "a", "p": 0.7, "score": 2.0, "uncorrected": 0.8},
    {"id": "b", "p": 0.1, "score": 0.0, "uncorrected": 0.08},
)
P = (0.8, 0.08)


class World:
    """A log with answers in it."""

    def __init__(self, engine: Engine) -> None:
        metadata.create_all(engine)
        database = Database(engine)
        self.log, self.aftercare = ConversationLog(database), Aftercare(database)
        self.history, self.judging = History(database), Judging(engine)
        self.talk, _ = self.log.create("test")
        self._count = 0

    def answer(
        self, route: str = "answer", shown: dict[str, float] | None = None, **more: Any
    ) -> str:
        """The id of a new answer."""
        self._count += 1
        user = self.log.append_user(
            UserMessage(
                conversation_id=self.talk,
                client_message_id=str(self._count),
                text=f"question {self._count}",
                channel="test",
            )
        ).message
        shown = {"a": 0.7} if shown is None else shown
        values: dict[str, Any] = {"ranking": RANKING, "none": 0.1, "p": 0.7, "reason": "why"}
        values |= {"models": {"encoder": "reader@1"}, "lang": "en"}
        entries = tuple(
            EntryShown(id=name, revision=1, question="?", lang="en", p=p)
            for name, p in shown.items()
        )
        provenance = Provenance(route=route, entries=entries, **(values | more))
        answer = StoredMessage(
            id=ids.message_id(), conversation_id=self.talk, seq=0, role="assistant", text="x",
            created_at=datetime.now(UTC), reply_to=user.id, provenance=provenance,
        )  # fmt: skip
        return self.log.append_answer(answer, "test", missed=False).id

    def judged(self) -> list[Judgement]:
        return list(self.judging.collect().judgements)


@pytest.fixture
def world(any_engine: Engine) -> World:
    return World(any_engine)


def test_a_verdict_is_fitted_to_what_retrieval_said_before_any_correction(world: World) -> None:
    for verdict in ("wrong", "right", "not-covered"):
        world.judging.judge(world.answer(), verdict, author="kim")
    assert world.judged() == [
        Judgement(P, 0.1, (0,), verdict, "verdict", 1.0)  # type: ignore[arg-type]
        for verdict in ("wrong", "right", "not-covered")
    ]


def test_a_verdict_stands_above_thumbs_and_earlier_verdicts(world: World) -> None:
    answer = world.answer()
    world.aftercare.rate(world.talk, answer, "up")
    assert [one.source for one in world.judged()] == ["thumb"]
    world.judging.judge(answer, "right", author="kim")
    world.judging.judge(answer, "wrong", author="lee")
    assert [(one.source, one.verdict) for one in world.judged()] == [("verdict", "wrong")]


def test_the_thumbs_of_one_conversation_count_as_one(world: World) -> None:
    for value in ("up", "down", "down", "down"):
        world.aftercare.rate(world.talk, world.answer(), value)  # type: ignore[arg-type]
    assert [one.verdict for one in world.judged()] == ["right", "wrong", "wrong", "wrong"]
    assert {one.weight for one in world.judged()} == {THUMB_WEIGHT / 4}
    found = world.judging.collect()
    assert (found.count("thumb"), found.count("verdict"), found.passed_over) == (4, 0, 0)


@pytest.mark.parametrize(
    ("route", "shown", "places"),
    [("compose", {"a": 0.7, "b": 0.1}, (0, 1)), ("clarify", {"b": 0.1}, (1,)), ("decline", {}, ())],
)
def test_other_routes_are_judged_by_curators_alone(
    world: World, route: str, shown: dict[str, float], places: tuple[int, ...]
) -> None:
    answer = world.answer(route, shown)
    world.aftercare.rate(world.talk, answer, "down")
    found = world.judging.collect()
    assert (found.judgements, found.passed_over) == ((), 1)
    world.judging.judge(answer, "wrong", author="kim")
    assert [one.named for one in world.judged()] == [places]


@pytest.mark.parametrize(
    ("route", "more"),
    [
        ("chat", {}),
        ("answer", {"none": None}),  # two questions in one message
        ("answer", {"ranking": ()}),
        ("answer", {"shown": {"a": 1.0}}),  # a pressed button
        ("answer", {"shown": {"z": 0.7}}),
    ],
)
def test_what_probability_did_not_choose_is_not_judged(
    world: World, route: str, more: dict[str, Any]
) -> None:
    answer = world.answer(route, **more)
    with pytest.raises(JudgingError, match="not chosen by its probability"):
        world.judging.judge(answer, "right", author="kim")
    world.aftercare.rate(world.talk, answer, "down")
    assert world.judging.collect().passed_over == 1
    assert world.judging.answers(5) == []


def test_what_other_encoders_said_is_passed_over(world: World) -> None:
    world.judging.judge(world.answer(models={"encoder": "reader@0"}), "right", author="kim")
    world.judging.judge(world.answer(), "wrong", author="kim")
    found = world.judging.collect()
    assert [one.verdict for one in found.judgements] == ["wrong"]
    assert found.passed_over == 1


def test_answers_are_listed_newest_first(world: World) -> None:
    first, second, third = world.answer(), world.answer("decline", {}), world.answer()
    world.aftercare.rate(world.talk, first, "up")
    world.judging.judge(second, "right", author="kim")
    found = world.judging.answers(10)
    assert [one.message_id for one in found] == [third, second, first]
    assert [one.thumb for one in found] == [None, None, "up"]
    assert found[1].verdict == "right"
    assert (found[2].question, found[2].entry_ids, found[2].p) == ("question 1", ("a",), 0.7)
    assert [one.message_id for one in world.judging.answers(1, unjudged=True)] == [third]
    assert [one.message_id for one in world.judging.answers(9, unjudged=True)] == [third, first]


def test_a_question_can_be_named_in_place_of_its_answer(world: World) -> None:
    world.answer()
    question = next(one for one in world.history.page(world.talk).messages if one.role == "user")
    world.judging.judge(question.id, "right", author="kim")
    assert [one.verdict for one in world.judging.answers(1)] == ["right"]


def test_verdicts_that_cannot_be_taken(world: World) -> None:
    answer = world.answer()
    for message, verdict, author, says in (
        (answer, "maybe", "kim", "use one of right, wrong, not-covered"),
        ("m-none", "right", "kim", "no answer 'm-none'"),
        (answer, "right", " ", "author"),
    ):
        with pytest.raises(JudgingError, match=says):
            world.judging.judge(message, verdict, author=author)
    assert world.judged() == []


def test_a_deleted_conversation_takes_its_judgements_along(world: World) -> None:
    answer = world.answer()
    world.aftercare.rate(world.talk, answer, "up")
    world.judging.judge(answer, "right", author="kim")
    world.log.delete(world.talk)
    assert world.judging.collect() == Collected((), 0)


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'{"message_id": "m"}', b'{"message_id": 1, "verdict": "right"}', b"\xff"]
)
def test_lines_that_hold_no_verdict(line: bytes) -> None:
    assert verdict_in(b'{"message_id": "m", "verdict": "right"}') == ("m", "right")
    with pytest.raises(JudgingError):
        verdict_in(line)
