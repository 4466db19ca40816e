"""The log's promises, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError

from knowledge.database import metadata, open_engine
from web.conversation import ids, tables
from web.conversation.aftercare import Aftercare
from web.conversation.history import History
from web.conversation.log import ConversationLog
from web.conversation.models import EntryShown, Option, Provenance, StoredMessage, UserMessage
from web.conversation.storage import Database
from web.errors import (
    ConversationGone,
    ConversationNotFound,
    LogUnavailable,
    MessageConflict,
    MessageNotFound,
)


@pytest.fixture
def database(any_engine: Engine) -> Iterator[Database]:
    metadata.create_all(any_engine)
    return Database(any_engine)


@pytest.fixture
def log(database: Database) -> ConversationLog:
    return ConversationLog(database)


def said(conversation: str, client_id: str, text: str = "hello", **more: str) -> UserMessage:
    return UserMessage(
        conversation_id=conversation,
        client_message_id=client_id,
        text=text,
        channel="test",
        **more,  # type: ignore[arg-type]
    )


def answer_to(message: StoredMessage, text: str = "an answer") -> StoredMessage:
    return StoredMessage(
        id=ids.message_id(),
        conversation_id=message.conversation_id,
        seq=0,
        role="assistant",
        text=text,
        created_at=datetime.now(UTC),
        reply_to=message.id,
        options=(Option(entry_id="a", label="A?"),),
        provenance=Provenance(
            route="answer",
            p=0.9,
            reason="why",
            lang="en",
            entries=(EntryShown(id="a", revision=2, question="A?", lang="en", p=0.9),),
            ms={"log": 0.4},
        ),
    )


def test_a_message_and_its_answer_come_back_as_they_went_in(
    log: ConversationLog, database: Database
) -> None:
    conversation, _ = log.create("test")
    user = log.append_user(said(conversation, "1", "héllo 你好 👋")).message
    answer = log.append_answer(answer_to(user), "test", missed=False)
    page = History(database).page(conversation)
    assert page.messages == (user, answer)
    assert [m.seq for m in page.messages] == [1, 2]
    assert page.last_seq == 2
    assert page.messages[1].provenance == answer.provenance
    assert page.messages[0].created_at.tzinfo is not None


def test_the_same_id_with_the_same_payload_finds_the_first_answer(log: ConversationLog) -> None:
    conversation, _ = log.create("test")
    first = log.append_user(said(conversation, "1"))
    again = log.append_user(said(conversation, "1"))
    assert again.duplicate
    assert again.message == first.message
    assert again.answer is None
    answer = log.append_answer(answer_to(first.message), "test", missed=False)
    assert log.append_user(said(conversation, "1")).answer == answer
    assert log.last_seq(conversation) == 2


@pytest.mark.parametrize("other", [{"text": "bye"}, {"lang": "zh"}, {"selected_entry_id": "x"}])
def test_the_same_id_with_another_payload_is_a_conflict(
    log: ConversationLog, other: dict[str, str]
) -> None:
    conversation, _ = log.create("test")
    log.append_user(said(conversation, "1"))
    with pytest.raises(MessageConflict):
        log.append_user(said(conversation, "1", **other))
    assert log.last_seq(conversation) == 1


def test_the_same_id_in_two_conversations_is_two_messages(log: ConversationLog) -> None:
    one, two = log.create("test")[0], log.create("test")[0]
    assert not log.append_user(said(one, "1")).duplicate
    assert not log.append_user(said(two, "1", "other")).duplicate


def test_many_writers_leave_no_gap_and_no_double(log: ConversationLog, database: Database) -> None:
    conversation, _ = log.create("test")
    start = threading.Barrier(8)

    def write(writer: int) -> None:
        start.wait()
        for number in range(10):
            # Every client id is sent by two writers.
            log.append_user(said(conversation, f"{writer // 2}-{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    page = History(database).page(conversation)
    assert [m.seq for m in page.messages] == list(range(1, 41))
    assert len({m.client_message_id for m in page.messages}) == 40


def test_a_message_is_answered_once_whoever_races(log: ConversationLog) -> None:
    conversation, _ = log.create("test")
    user = log.append_user(said(conversation, "1")).message
    drafts = [answer_to(user, f"answer {number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda d: log.append_answer(d, "test", missed=False), drafts))
    assert len({answer.id for answer in kept}) == 1
    assert {answer.seq for answer in kept} == {2}
    assert log.last_seq(conversation) == 2


def test_unanswered_messages_are_found_again(log: ConversationLog) -> None:
    conversation, _ = log.create("test")
    first = log.append_user(said(conversation, "1")).message
    log.append_user(said(conversation, "2", "second"))
    log.append_answer(answer_to(first), "test", missed=False)
    assert log.pending() == (said(conversation, "2", "second"),)
    assert log.pending(conversation) == log.pending(within=timedelta(hours=1))
    assert log.pending("c-other") == ()


def test_missed_turns_are_remembered_until_told(log: ConversationLog) -> None:
    conversation, _ = log.create("test")
    for number in range(3):
        accepted = log.append_user(said(conversation, str(number), f"question {number}"))
        assert accepted.missed == number
        log.append_answer(answer_to(accepted.message, f"reply {number}"), "test", missed=True)
    missed = log.missed(conversation)
    assert [(turn.text, turn.reply) for turn in missed] == [
        ("question 0", "reply 0"),
        ("question 1", "reply 1"),
        ("question 2", "reply 2"),
    ]
    assert [turn.text for turn in log.missed(conversation, limit=1)] == ["question 2"]
    log.told(conversation)
    assert log.missed(conversation) == ()
    assert log.append_user(said(conversation, "9")).missed == 0


def test_history_comes_in_pages(log: ConversationLog, database: Database) -> None:
    conversation, _ = log.create("test")
    for number in range(7):
        log.append_user(said(conversation, str(number), f"text {number}"))
    history = History(database)
    assert [m.seq for m in history.page(conversation, limit=3).messages] == [1, 2, 3]
    assert [m.seq for m in history.page(conversation, after_seq=5).messages] == [6, 7]
    assert history.page(conversation, after_seq=7).messages == ()
    last = history.page(conversation).messages[-1]
    assert [m.text for m in history.before(last, limit=2)] == ["text 4", "text 5"]
    assert history.message(conversation, last.id) == last
    assert history.message("c-other", last.id) is None


def test_thumbs_are_stored_changed_and_taken_back(log: ConversationLog, database: Database) -> None:
    conversation, _ = log.create("test")
    user = log.append_user(said(conversation, "1")).message
    answer = log.append_answer(answer_to(user), "test", missed=False)
    aftercare, history = Aftercare(database), History(database)
    for value in ("up", "down", None):
        aftercare.rate(conversation, answer.id, value)  # type: ignore[arg-type]
        found = history.message(conversation, answer.id)
        assert found is not None
        assert found.feedback == value
    for wrong in (user.id, "m-none"):
        with pytest.raises(MessageNotFound):
            aftercare.rate(conversation, wrong, "up")
    with pytest.raises(MessageNotFound):
        aftercare.rate("c-other", answer.id, "up")


def test_a_deleted_conversation_leaves_no_word(log: ConversationLog, database: Database) -> None:
    conversation, key = log.create("test")
    user = log.append_user(said(conversation, "1", "my secret")).message
    answer = log.append_answer(answer_to(user), "test", missed=False)
    Aftercare(database).rate(conversation, answer.id, "up")
    log.delete(conversation)
    with database.reading() as connection:
        for table in (tables.messages, tables.feedback):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0
    for use in (
        lambda: log.append_user(said(conversation, "1", "my secret")),
        lambda: log.append_answer(answer_to(user), "test", missed=False),
        lambda: log.opens(conversation, key),
        lambda: History(database).page(conversation),
        lambda: log.delete(conversation),
    ):
        with pytest.raises(ConversationGone):
            use()


def test_an_unknown_conversation_is_said_to_be_unknown(
    log: ConversationLog, database: Database
) -> None:
    for use in (
        lambda: log.append_user(said("c-none", "1")),
        lambda: log.last_seq("c-none"),
        lambda: log.delete("c-none"),
        lambda: History(database).page("c-none"),
        lambda: Aftercare(database).request_person("c-none", "a@b.example", ""),
    ):
        with pytest.raises(ConversationNotFound):
            use()


def test_a_handoff_request_gets_a_reference_number(
    log: ConversationLog, database: Database
) -> None:
    conversation, _ = log.create("test")
    aftercare = Aftercare(database)
    references = {aftercare.request_person(conversation, "a@b.example", "call") for _ in range(3)}
    assert len(references) == 3
    assert all(len(reference) == 12 for reference in references)
    with database.reading() as connection:
        rows = connection.execute(select(tables.handoff_requests)).mappings().all()
    assert {row["reference"] for row in rows} == references
    assert {row["email"] for row in rows} == {"a@b.example"}


def test_only_the_resume_key_opens_and_it_is_not_stored(
    log: ConversationLog, database: Database
) -> None:
    conversation, key = log.create("test")
    assert log.opens(conversation, key)
    assert not log.opens(conversation, key + "x")
    assert not log.opens(conversation, "\ud800")
    with database.reading() as connection:
        row = connection.execute(select(tables.conversations)).one()
    assert key not in str(row)


class TestTroubleWithSqlite:
    """Locked, gone, full, damaged, empty: an explicit error each time, and recovery."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "log.db"

    @pytest.fixture
    def engine(self, path: Path) -> Iterator[Engine]:
        engine = open_engine(f"sqlite:///{path}")
        metadata.create_all(engine)
        yield engine
        engine.dispose()

    def test_locked(self, engine: Engine, path: Path) -> None:
        log = ConversationLog(Database(engine))
        conversation, _ = log.create("test")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=20")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogUnavailable, match="locked"):
            log.append_user(said(conversation, "1"))
        other.execute("ROLLBACK")
        other.close()
        assert not log.append_user(said(conversation, "1")).duplicate

    def test_gone(self, engine: Engine, path: Path) -> None:
        log = ConversationLog(Database(engine))
        conversation, _ = log.create("test")
        aside = path.with_name("aside.db")
        path.rename(aside)
        with pytest.raises(LogUnavailable, match="gone"):
            log.append_user(said(conversation, "1"))
        aside.rename(path)
        assert log.append_user(said(conversation, "1")).message.seq == 1

    def test_replaced_by_another_file(self, engine: Engine, path: Path) -> None:
        log = ConversationLog(Database(engine))
        conversation, _ = log.create("test")
        other = open_engine(f"sqlite:///{path}.new")
        metadata.create_all(other)
        other.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        Path(f"{path}.new").rename(path)
        with pytest.raises(ConversationNotFound):
            log.append_user(said(conversation, "1"))
        fresh, _ = log.create("test")
        assert log.append_user(said(fresh, "1")).message.seq == 1

    def test_full(self, engine: Engine) -> None:
        log = ConversationLog(Database(engine))
        conversation, _ = log.create("test")
        with engine.connect() as connection:
            # SQLite's own limit on pages answers with the same error as a full disk.
            used = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={used}")
        with pytest.raises(LogUnavailable, match="disk is full"):
            log.append_user(said(conversation, "1", "x" * 20_000))
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1000000")
        assert not log.append_user(said(conversation, "1", "x" * 20_000)).duplicate

    def test_damaged(self, engine: Engine, path: Path) -> None:
        engine.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        path.write_bytes(b"not a database at all" * 500)
        with pytest.raises(LogUnavailable, match="damaged"):
            ConversationLog(Database(engine)).create("test")

    def test_without_tables(self, tmp_path: Path) -> None:
        engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        with pytest.raises(LogUnavailable, match="no tables"):
            ConversationLog(Database(engine)).create("test")
        engine.dispose()

    def test_folder_missing(self, tmp_path: Path) -> None:
        engine = open_engine(f"sqlite:///{tmp_path / 'no' / 'such' / 'log.db'}")
        with pytest.raises(LogUnavailable, match="cannot be opened"):
            ConversationLog(Database(engine)).create("test")
        engine.dispose()


def test_a_dead_server_is_an_explicit_error() -> None:
    engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:15229/none")
    with pytest.raises(LogUnavailable, match="does not answer"):
        ConversationLog(Database(engine)).create("test")
    engine.dispose()


def test_seq_is_unique_even_for_a_writer_who_forgets_the_lock(
    log: ConversationLog, database: Database
) -> None:
    conversation, _ = log.create("test")
    log.append_user(said(conversation, "1"))
    copy = text(
        "INSERT INTO messages (id, conversation_id, seq, role, text, created_at, channel) "
        "SELECT 'm-x', conversation_id, seq, role, text, created_at, channel FROM messages"
    )
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(copy)
