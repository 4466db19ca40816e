"""How the log reaches its database: threads of its own, and one error for all that can fail.

``LogThreads`` runs the synchronous log in a few dedicated threads, so that a slow model call
never stands in front of a commit. ``guarded`` turns every database failure into
:class:`web.errors.LogUnavailable` with a cause that an operator can act on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from knowledge.database import reading, writing
from web.errors import LogUnavailable

P = ParamSpec("P")
R = TypeVar("R")

_CAUSES = (
    ("disk is full", "the disk is full; free some space"),
    ("no space left", "the disk is full; free some space"),
    ("database is locked", "the database is locked by another process"),
    ("unable to open database", "the database file cannot be opened; check folder and rights"),
    ("readonly database", "the database is read-only; check rights and disk"),
    ("no such table", "the database has no tables; run 'grapevine up' or the migrations"),
    ("does not exist", "the database or its tables are missing; run the migrations"),
    ("malformed", "the database file is damaged; restore a backup"),
    ("not a database", "the database file is damaged; restore a backup"),
    ("disk i/o error", "the disk cannot be read or written"),
    ("connection", "the database server does not answer"),
)


class Database:
    """The engine as the log uses it; notices when the file is gone from under its feet."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        name = engine.url.database
        on_disk = engine.dialect.name == "sqlite" and name not in (None, "", ":memory:")
        self._path = Path(str(name)) if on_disk else None
        self._identity: tuple[int, int] | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reading. Raises LogUnavailable."""
        with guarded():
            self._check_file()
            with reading(self.engine) as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, committed at the end. Raises LogUnavailable, passes IntegrityError."""
        with guarded():
            self._check_file()
            with writing(self.engine) as connection:
                yield connection

    def _check_file(self) -> None:
        """SQLite would go on writing into a deleted file, and all of it would be lost."""
        if self._path is None:
            return
        try:
            found = self._path.stat()
        except OSError as error:
            if self._identity is None:
                return  # never opened: SQLite says itself what is wrong
            raise LogUnavailable("The database file is gone; restore it or restart.") from error
        identity = (found.st_dev, found.st_ino)
        if self._identity is not None and identity != self._identity:
            self.engine.dispose()
        self._identity = identity


@contextmanager
def guarded() -> Iterator[None]:
    """Raise LogUnavailable in place of a database error; constraint violations pass."""
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise LogUnavailable(_explain(error)) from error
    except OSError as error:
        raise LogUnavailable(f"The log cannot be written: {error.strerror}.") from error


def _explain(error: SQLAlchemyError) -> str:
    text = str(getattr(error, "orig", None) or error).lower()
    for needle, cause in _CAUSES:
        if needle in text:
            return f"The log cannot be used: {cause}."
    return "The log cannot be used: the database refused the operation."


class LogThreads:
    """A few threads that belong to the log alone."""

    def __init__(self, count: int = 4) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="log")

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` in one of the threads and return what it returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: function(*args, **kwargs))

    def close(self) -> None:
        """Let running calls end and take no more."""
        self._pool.shutdown(wait=True)
