"""Vectors in a real PostgreSQL: what several processes may do to each other's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, make_url, text

from knowledge.database import open_engine
from retrieval.entry_vectors import LocalVectors, Version
from retrieval.errors import IndexUnavailable
from retrieval.pgvector import PgVectors
from retrieval.pgvector_schema import TABLE, open_table
from retrieval.types import Vectors
from tests.retrieval.conftest import entry, small_retriever
from tests.retrieval.hashing import HashingEncoder

DIM = 16


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    made = open_engine(postgres_url)
    with made.begin() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {TABLE}"))
    yield made
    made.dispose()


@pytest.fixture
def process(engine: Engine) -> Callable[..., PgVectors]:
    """Opens the table as another web process would."""

    def make(version: str = "1") -> PgVectors:
        encoder = HashingEncoder("hash", DIM, version)
        return PgVectors.open(engine, encoder)

    return make


def rows(count: int, seed: int) -> Vectors:
    found = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def version(revision: int) -> Version:
    return Version(revision, f"digest of {revision}")


def stored(engine: Engine) -> list[tuple[str, int, int]]:
    """Entry, revision and number of vectors of all that lies in the table."""
    with engine.connect() as connection:
        found = connection.execute(
            text(f"SELECT entry_id, revision, count(*) FROM {TABLE} GROUP BY 1, 2 ORDER BY 1, 2")
        )
        return [tuple(row) for row in found]


def age(engine: Engine) -> None:
    """Let half an hour pass."""
    with engine.begin() as connection:
        connection.execute(
            text(f"UPDATE {TABLE} SET written_at = written_at - interval '30 minutes'")
        )


def test_vectors_come_back_as_they_were_written(process: Callable[..., PgVectors]) -> None:
    index, groups = process(), {"a": rows(3, 1), "b": rows(1, 2)}
    index.write(groups, dict.fromkeys(groups, version(1)))
    assert index.keys() == {"a": 3, "b": 1}
    assert len(index) == 4
    block, bounds = index.gather(["b", "unknown", "a"])
    assert bounds == [0, 1, 1, 4]
    np.testing.assert_array_equal(block, np.concatenate([groups["b"], groups["a"]]))
    np.testing.assert_allclose(index.centre, (groups["a"][0] + groups["b"][0]) / 2, rtol=1e-6)


def test_it_finds_what_memory_finds(process: Callable[..., PgVectors]) -> None:
    shared, local = process(), LocalVectors(DIM)
    groups = {f"entry-{n}": rows(1 + n % 4, n) for n in range(300)}
    # One entry fills the first places with its phrasings alone.
    query = rows(1, 999)[0]
    groups["crowd"] = np.tile(query, (400, 1))
    for index in (shared, local):
        index.write(groups, dict.fromkeys(groups, version(1)))
    found, wanted = shared.search(query, 16), local.search(query, 16)
    assert [key for key, _ in found] == [key for key, _ in wanted]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in wanted], atol=1e-5)


def test_the_index_is_used_and_finds_nearly_all(
    engine: Engine, process: Callable[..., PgVectors]
) -> None:
    shared, local = process(), LocalVectors(DIM)
    groups = {f"entry-{n}": rows(1, n) for n in range(3000)}
    for index in (shared, local):
        index.write(groups, dict.fromkeys(groups, version(1)))
    with engine.begin() as connection:
        connection.execute(text(f"ANALYZE {TABLE}"))
    plan = _plan(engine, shared)
    assert "Index Scan using kb_vectors_" in plan, plan
    shares = []
    for seed in range(5000, 5020):
        query = rows(1, seed)[0]
        mine = {key for key, _ in shared.search(query, 16)}
        shares.append(len(mine & {key for key, _ in local.search(query, 16)}) / 16)
    assert np.mean(shares) > 0.95


def _plan(engine: Engine, index: PgVectors) -> str:
    with engine.connect() as connection:
        found = connection.execute(
            text(
                f"EXPLAIN SELECT entry_id FROM {TABLE} WHERE {index._mine}"
                f" ORDER BY CAST(embedding AS vector({DIM})) <#> CAST(:q AS vector({DIM})) LIMIT 64"
            ),
            {"q": str(rows(1, 1)[0].tolist())},
        )
        return "\n".join(row[0] for row in found)


def test_an_older_writer_never_overwrites_a_newer_one(
    engine: Engine, process: Callable[..., PgVectors]
) -> None:
    ahead, behind = process(), process()
    ahead.write({"a": rows(2, 3)}, {"a": version(3)})
    behind.write({"a": rows(4, 2)}, {"a": version(2)})
    assert stored(engine) == [("a", 3, 2)]
    # The one behind is not given what it does not know of.
    assert behind.search(rows(1, 3)[0], 5) == []
    assert len(behind.vectors(["a"])[0]) == 0
    behind.write({"a": rows(2, 3)}, {"a": version(3)})
    assert [key for key, _ in behind.search(rows(1, 3)[0], 5)] == ["a"]
    assert stored(engine) == [("a", 3, 2)]


def test_an_older_remover_leaves_a_newer_revision(
    engine: Engine, process: Callable[..., PgVectors]
) -> None:
    ahead, behind = process(), process()
    behind.write({"a": rows(1, 1)}, {"a": version(1)})
    ahead.write({"a": rows(2, 3)}, {"a": version(3)})
    behind.drop(["a", "never there"])
    assert stored(engine) == [("a", 3, 2)]
    assert [key for key, _ in ahead.search(rows(1, 3)[0], 5)] == ["a"]
    assert behind.search(rows(1, 3)[0], 5) == []


def test_vectors_of_two_encoder_versions_are_never_mixed(
    engine: Engine, process: Callable[..., PgVectors]
) -> None:
    old, new = process("1"), process("2")
    old.write({"a": rows(2, 1)}, {"a": version(1)})
    assert new.keys() == {}
    assert new.search(rows(1, 1)[0], 5) == []
    new.write({"a": rows(3, 2)}, {"a": version(1)})
    new.drop(["a"])
    assert old.keys() == {"a": 2}


def test_what_a_dead_process_left_over_is_named_and_swept(
    engine: Engine, process: Callable[..., PgVectors]
) -> None:
    dead, alive = process(), process()
    dead.write({"gone": rows(1, 1), "a": rows(1, 2)}, {"gone": version(1), "a": version(9)})
    wanted = {"a": version(2), "b": version(1)}
    alive.write({"b": rows(1, 3)}, wanted)
    # They might be of a process that is ahead.
    alive.sweep(wanted)
    assert alive.keys() == {"b": 1}
    assert len(stored(engine)) == 3
    age(engine)
    assert alive.keys() == {"a": 1, "b": 1, "gone": 1}
    alive.sweep(wanted)
    assert stored(engine) == [("b", 1, 1)]
    alive.write({"a": rows(2, 4)}, wanted)
    assert alive.keys() == {"a": 2, "b": 1}


def test_a_base_is_put_in_portions_and_follows_edits(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.hybrid._AT_ONCE", 3)
    base = [entry(f"entry-{n}", f"What does plan number {n} cost?") for n in range(17)]
    now = [replace(one, revision=2, answer="It is free.") for one in base[3:9]] + base[9:]
    shared = small_retriever(tmp_path / "shared", open_vectors=partial(PgVectors.open, engine))
    local = small_retriever(tmp_path / "local")
    for made in (shared, local):
        made.load()
        made.replace_all(base)
        assert made.check(base).ok
        made.replace_all(now)
        assert made.check(now).ok
    for one in now:
        found, wanted = (made.search(one.question).ranked for made in (shared, local))
        assert [r.entry_id for r in found] == [r.entry_id for r in wanted]
        assert [r.p for r in found] == pytest.approx([r.p for r in wanted], abs=1e-4)


def test_a_write_that_fails_changes_nothing(
    engine: Engine, process: Callable[..., PgVectors]
) -> None:
    index, before = process(), rows(2, 1)
    index.write({"a": before}, {"a": version(1)})
    wrong = np.full((1, DIM), np.inf, dtype=np.float32)
    with pytest.raises(IndexUnavailable, match="cannot be kept"):
        index.write({"a": wrong}, {"a": version(2)})
    np.testing.assert_array_equal(index.vectors(["a"])[0], before)


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'base.db'}")
    with pytest.raises(IndexUnavailable, match="PostgreSQL database: give its URL"):
        open_table(engine)
    engine.dispose()


def test_a_user_without_rights_is_told_whom_to_ask(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP EXTENSION IF EXISTS vector CASCADE"))
        connection.execute(text("DROP ROLE IF EXISTS nobody_special"))
        connection.execute(text("CREATE ROLE nobody_special LOGIN"))
    url = make_url(engine.url).set(username="nobody_special")
    other = open_engine(url.render_as_string(hide_password=False))
    try:
        with pytest.raises(IndexUnavailable, match="administrator run CREATE EXTENSION vector"):
            open_table(other)
        open_table(engine)
        with engine.begin() as connection:
            connection.execute(text(f"DROP TABLE {TABLE}"))
        with pytest.raises(IndexUnavailable, match="needs CREATE on the schema"):
            open_table(other)
    finally:
        other.dispose()


def test_a_server_that_is_away_is_said_so() -> None:
    away = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(IndexUnavailable, match="refused"):
        open_table(away)
    away.dispose()
