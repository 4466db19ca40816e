"""Vectors of entries in PostgreSQL with the extension pgvector, searched there.

All processes share one table. A row's key is the encoder's version, the entry, its revision and the
vector's place, so that vectors of two encoders are never mixed and those of an older revision never
take the place of newer ones. Each process sees the rows of the entries as it knows them and no
others: one that is a moment behind compares an entry without vectors until it has caught up.
The table is derived from the knowledge base and may be dropped while no process runs.

Nearest neighbours by inner product from pgvector's HNSW (Malkov & Yashunin 2018), one index over
the rows of each encoder version.
"""
# What is put into statements is a constant, 16 hexadecimal digits or an integer of ours.
# ruff: noqa: S608

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from retrieval.entry_vectors import Version
from retrieval.errors import IndexUnavailable
from retrieval.pgvector_schema import AGE, LOCK, TABLE, open_schema, reason_of
from retrieval.sampled import SampledMean
from retrieval.types import Encoder, Vectors

#: Candidates that HNSW keeps in mind, and so the most that it returns.
_EF_SEARCH = 200
_EF_SET = "grapevine_ef_search"
_WRITE_AT_ONCE, _READ_AT_ONCE = 100, 2_000
#: pgvector sends a vector as two 16-bit numbers and then its components, all big-endian.
_HEAD_BYTES, _NUMBER = 4, np.dtype(">f4")


class PgVectors:
    """Implements :class:`retrieval.entry_vectors.EntryVectors` for one encoder version."""

    def __init__(self, engine: Engine, encoder_version: str, dim: int) -> None:
        self.dim = dim
        self._engine = engine
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")
        # A literal in the statements, since the index over one encoder's rows is found by it.
        self._encoder = hashlib.sha256(encoder_version.encode()).hexdigest()[:16]
        self._mine = f"{TABLE}.encoder = '{self._encoder}'"
        self._held: dict[str, Version] = {}
        self._firsts = SampledMean(dim)

    @classmethod
    def open(cls, engine: Engine, encoder: Encoder) -> PgVectors:
        """The vectors of a loaded encoder; makes extension, table and index where they are missing.

        Raises IndexUnavailable.
        """
        made = cls(engine, encoder.version, encoder.dim)
        open_schema(engine, made._encoder, made.dim)
        return made

    def __len__(self) -> int:
        return sum(self.keys().values())

    @property
    def centre(self) -> Vectors:
        """Mean ``(dim,)`` of the groups' first vectors, of a sample where they are many."""
        lacking = self._firsts.widened(self._held)
        if lacking:
            found = self._fetch(lacking, "AND position = 0")
            self._firsts.update({key: group[0] for key, group in found.items()})
        return self._firsts.mean()

    @property
    def crowded(self) -> bool:
        """Never: the server's index takes in what is written."""
        return False

    def expect(self, vectors: int) -> None:
        """Nothing: the server's index is not built anew."""

    def write(self, groups: Mapping[str, Vectors], versions: Mapping[str, Version]) -> None:
        """Add or replace groups; one that is there in a newer revision is left as it is."""
        keys = list(groups)
        for start in range(0, len(keys), _WRITE_AT_ONCE):
            some = keys[start : start + _WRITE_AT_ONCE]
            with self._writing() as connection:
                todo = self._outdated(connection, some, groups, versions)
                connection.execute(
                    text(f"DELETE FROM {TABLE} WHERE {self._mine} AND entry_id = ANY(:keys)"),
                    {"keys": todo},
                )
                rows = [
                    (key, versions[key].revision, place, versions[key].digest, _text(vector))
                    for key in todo
                    for place, vector in enumerate(groups[key])
                ]
                self._insert(connection, rows)
        self._held.update((key, versions[key]) for key in keys)
        self._firsts.update({key: group[0] for key, group in groups.items()})

    def drop(self, keys: Iterable[str]) -> None:
        """Take groups out, but for revisions that this process has not heard of yet."""
        known = {key: self._held[key].revision for key in keys if key in self._held}
        if not known:
            return
        statement = text(
            f"DELETE FROM {TABLE} USING unnest(CAST(:keys AS text[]), CAST(:revisions AS int[]))"
            f" AS gone(entry_id, revision) WHERE {self._mine}"
            f" AND {TABLE}.entry_id = gone.entry_id AND {TABLE}.revision <= gone.revision"
        )
        with self._writing() as connection:
            connection.execute(statement, {"keys": [*known], "revisions": [*known.values()]})
        for key in known:
            del self._held[key]
            self._firsts.discard(key)

    def sweep(self, wanted: Mapping[str, Version]) -> None:
        """Take out rows that are not wanted and were written so long ago that every process that
        lives has heard of what became of their entry."""
        statement = text(
            f"DELETE FROM {TABLE} WHERE {self._mine} AND {AGE} AND NOT EXISTS ("
            "SELECT FROM unnest(CAST(:keys AS text[]), CAST(:digests AS text[]))"
            " AS wanted(entry_id, digest)"
            f" WHERE wanted.entry_id = {TABLE}.entry_id AND wanted.digest = {TABLE}.digest)"
        )
        digests = [version.digest for version in wanted.values()]
        with self._writing() as connection:
            connection.execute(statement, {"keys": [*wanted], "digests": digests})

    def keys(self) -> dict[str, int]:
        """Every key with the number of its vectors; those that dead processes left over too."""
        statement = text(
            f"SELECT entry_id, digest, count(*), bool_and({AGE}) FROM {TABLE}"
            f" WHERE {self._mine} GROUP BY entry_id, digest"
        )
        found: dict[str, int] = {}
        with self._reading() as connection:
            for key, digest, count, old in connection.execute(statement):
                if self._holds(key, digest) or old:
                    found[key] = found.get(key, 0) + count
        return found

    def vectors(self, keys: Sequence[str]) -> list[Vectors]:
        """The vectors of each key in the order they were written; none of unknown keys."""
        found = self._fetch(keys)
        nothing = np.zeros((0, self.dim), dtype=np.float32)
        return [found.get(key, nothing) for key in keys]

    def gather(self, keys: Sequence[str]) -> tuple[Vectors, list[int]]:
        """The vectors of all keys in one block, and the bounds between which each key's lie."""
        groups = self.vectors(keys)
        block = np.concatenate(groups) if groups else np.zeros((0, self.dim), dtype=np.float32)
        return block, [0, *accumulate(map(len, groups))]

    def search(self, query: Vectors, limit: int) -> list[tuple[str, float]]:
        """The ``limit`` keys whose best vector is nearest to ``query``, best first."""
        fetch = min(limit * 4, _EF_SEARCH)
        while True:
            rows = self._nearest(query, fetch)
            best: dict[str, float] = {}
            for key, digest, score in rows:
                if key not in best and self._holds(key, digest):
                    best[key] = score
            if len(best) >= limit or (len(rows) < fetch and fetch > _EF_SEARCH):
                return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]
            # HNSW gives what it passed by: fewer rows than were asked for need not be all.
            fetch = max(fetch * 4, _EF_SEARCH + 1)

    def join(self) -> None:
        """Nothing goes on beside the searches."""

    def _nearest(self, query: Vectors, fetch: int) -> Sequence[Any]:
        """The nearest rows: by the index as far as it reaches, else by looking at all of them."""
        distance = f"CAST(embedding AS vector({self.dim})) <#> CAST(:query AS vector({self.dim}))"
        statement = text(
            f"SELECT entry_id, digest, -({distance}) FROM {TABLE} WHERE {self._mine}"
            f" ORDER BY {distance} LIMIT :fetch"
        )
        values = {"query": _text(query), "fetch": fetch}
        if fetch > _EF_SEARCH:
            with self._writing(lock=False) as connection:
                connection.execute(text("SET LOCAL enable_indexscan = off"))
                return connection.execute(statement, values).all()
        with self._reading() as connection:
            if not connection.info.get(_EF_SET):
                connection.execute(text(f"SET hnsw.ef_search = {_EF_SEARCH}"))
                connection.info[_EF_SET] = True
            return connection.execute(statement, values).all()

    def _fetch(self, keys: Sequence[str], which: str = "") -> dict[str, Vectors]:
        statement = text(
            "SELECT entry_id, digest, string_agg(vector_send(embedding), '' ORDER BY position)"
            f" FROM {TABLE} WHERE {self._mine} AND entry_id = ANY(:keys) {which}"
            " GROUP BY entry_id, digest"
        )
        found: dict[str, Vectors] = {}
        for start in range(0, len(keys), _READ_AT_ONCE):
            some = list(keys[start : start + _READ_AT_ONCE])
            with self._reading() as connection:
                for key, digest, sent in connection.execute(statement, {"keys": some}):
                    if self._holds(key, digest):
                        found[key] = _received(sent, self.dim)
        return found

    def _holds(self, key: str, digest: str) -> bool:
        version = self._held.get(key)
        return version is not None and version.digest == digest

    def _outdated(
        self,
        connection: Connection,
        keys: Sequence[str],
        groups: Mapping[str, Vectors],
        versions: Mapping[str, Version],
    ) -> list[str]:
        """Keys that are not there as they should be, nor in a newer revision."""
        statement = text(
            f"SELECT entry_id, revision, digest, count(*) FROM {TABLE}"
            f" WHERE {self._mine} AND entry_id = ANY(:keys) GROUP BY entry_id, revision, digest"
        )
        kept = set()
        for key, revision, digest, count in connection.execute(statement, {"keys": list(keys)}):
            mine = versions[key]
            if revision > mine.revision or (digest == mine.digest and count == len(groups[key])):
                kept.add(key)
        return [key for key in keys if key not in kept]

    def _insert(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        keys, revisions, places, digests, vectors = map(list, zip(*rows, strict=True))
        connection.execute(
            text(
                f"INSERT INTO {TABLE} (encoder, entry_id, revision, position, digest, embedding)"
                f" SELECT '{self._encoder}', k, r, p, d, CAST(v AS vector) FROM unnest("
                "CAST(:keys AS text[]), CAST(:revisions AS int[]), CAST(:places AS int[]),"
                " CAST(:digests AS text[]), CAST(:vectors AS text[])) AS new(k, r, p, d, v)"
            ),
            {
                "keys": keys,
                "revisions": revisions,
                "places": places,
                "digests": digests,
                "vectors": vectors,
            },
        )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._reader.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise IndexUnavailable(f"Entry vectors cannot be read: {reason_of(error)}") from error

    @contextmanager
    def _writing(self, *, lock: bool = True) -> Iterator[Connection]:
        """A transaction; writers of one table wait for each other, so that what a writer has seen
        of newer revisions holds until its commit."""
        try:
            with self._engine.begin() as connection:
                if lock:
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
                yield connection
        except SQLAlchemyError as error:
            raise IndexUnavailable(f"Entry vectors cannot be kept: {reason_of(error)}") from error


def _text(vector: Vectors) -> str:
    """A vector as pgvector reads it: ``[1,2,3]``."""
    row = np.ascontiguousarray(vector, dtype=np.float32)
    return orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _received(sent: bytes, dim: int) -> Vectors:
    rows = np.frombuffer(sent, dtype=np.uint8).reshape(-1, _HEAD_BYTES + dim * _NUMBER.itemsize)
    numbers = np.ascontiguousarray(rows[:, _HEAD_BYTES:]).view(_NUMBER)
    return numbers.astype(np.float32)
