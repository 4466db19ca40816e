"""Readers and writers of one database, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, func, insert, select
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session, sessionmaker

from knowledge.database import UtcDateTime, reader, reading, writing

_own = MetaData()
_things = Table("things", _own, Column("id", Integer, primary_key=True), Column("at", UtcDateTime))


@pytest.fixture
def engine(any_engine: Engine) -> Engine:
    _own.create_all(any_engine)
    return any_engine


def _count(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(_things)) or 0


def test_a_reader_is_not_blocked_by_an_open_write(engine: Engine) -> None:
    with writing(engine) as writer:
        writer.execute(insert(_things).values(id=1))
        assert _count(engine) == 0
    assert _count(engine) == 1


def test_a_reader_sees_one_state_and_does_not_block_the_writer(engine: Engine) -> None:
    with reading(engine) as connection:
        statement = select(func.count()).select_from(_things)
        assert connection.scalar(statement) == 0
        with writing(engine) as writer:
            writer.execute(insert(_things).values(id=1))
        assert connection.scalar(statement) == 0
    assert _count(engine) == 1


def test_a_reader_cannot_write_and_the_pool_forgets_it(engine: Engine) -> None:
    with pytest.raises(DBAPIError), reading(engine) as connection:
        connection.execute(insert(_things).values(id=1))
    with writing(engine) as connection:
        connection.execute(insert(_things).values(id=1))
    assert _count(engine) == 1


def test_a_session_of_the_reader_only_reads(engine: Engine) -> None:
    sessions: sessionmaker[Session] = sessionmaker(reader(engine))
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(_things)) == 0
        with pytest.raises(DBAPIError):
            session.execute(insert(_things).values(id=1))


def test_an_error_rolls_back(engine: Engine) -> None:
    with pytest.raises(DBAPIError), writing(engine) as connection:
        connection.execute(insert(_things), [{"id": 1}, {"id": 1}])
    assert _count(engine) == 0


def test_writers_that_read_first_wait_for_each_other(sqlite_engine: Engine) -> None:
    """With deferred transactions SQLite refuses one of two such writers at once."""
    engine = sqlite_engine
    _own.create_all(engine)
    errors: list[BaseException] = []

    def add_many() -> None:
        try:
            for _ in range(25):
                with writing(engine) as connection:
                    top = connection.scalar(select(func.max(_things.c.id))) or 0
                    connection.execute(insert(_things).values(id=top + 1))
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=add_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert _count(engine) == 100


def test_times_come_back_in_utc_and_need_a_zone(engine: Engine) -> None:
    east = datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    with writing(engine) as connection:
        connection.execute(insert(_things).values(id=1, at=east))
    with reading(engine) as connection:
        stored = connection.scalar(select(_things.c.at))
    assert stored == east
    assert stored is not None
    assert stored.tzinfo is UTC
    with pytest.raises(StatementError, match="without a zone"), writing(engine) as connection:
        connection.execute(insert(_things).values(id=2, at=datetime(2026, 3, 1)))
