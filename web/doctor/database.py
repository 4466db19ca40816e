"""The database: reachable, at the present revision of its tables, writable, with room to grow."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError

import web.migrations
from knowledge.database import open_engine, writing
from web.doctor.findings import Finding, Status
from web.settings import Settings
from web.supervisor.preparation import database_url

_AREA = "database"
_FEW_BYTES = 2_000_000_000
_TOO_FEW_BYTES = 200_000_000
_GIGABYTE = 1e9


def check(settings: Settings) -> Iterator[Finding]:
    """Look at the data folder, then open the database and hold its write lock for a moment."""
    folder = _nearest(settings.data_dir)
    yield _folder(settings.data_dir, folder)
    yield _space(folder)
    url = database_url(settings)
    file = make_url(url).database if url.startswith("sqlite") else None
    if file is not None and not Path(file).exists():
        yield Finding(_AREA, "reachable", "ok", "not made yet: 'grapevine up' makes it")
        return
    yield from _contents(url)


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _folder(wanted: Path, folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            _AREA, "data folder", "fail", f"{folder} cannot be written: {error.strerror}",
            "correct its owner and rights, or set GRAPEVINE_DATA_DIR to another folder",
        )  # fmt: skip
    return Finding(_AREA, "data folder", "ok", str(wanted))


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    amount = f"{free / _GIGABYTE:.1f} GB free"
    if free >= _FEW_BYTES:
        return Finding(_AREA, "disk space", "ok", amount)
    status: Status = "fail" if free < _TOO_FEW_BYTES else "warn"
    return Finding(
        _AREA, "disk space", status, f"only {amount}", f"free some space on the disk of {folder}"
    )  # fmt: skip


def _contents(url: str) -> Iterator[Finding]:
    shown = make_url(url).render_as_string(hide_password=True)
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        yield Finding(_AREA, "reachable", "ok", shown)
        with engine.connect() as connection:
            yield _tables(connection)
        with writing(engine) as connection:
            connection.execute(text("CREATE TEMPORARY TABLE grapevine_doctor (n INTEGER)"))
            connection.execute(text("DROP TABLE grapevine_doctor"))
        yield Finding(_AREA, "writable", "ok", "a transaction could be written")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        yield Finding(
            _AREA, "usable", "fail", f"{shown}: {reason}",
            "start the server or correct GRAPEVINE_DATABASE_URL; if a file is damaged, restore a "
            "backup; if it is locked, stop the program that holds it",
        )  # fmt: skip
    finally:
        engine.dispose()


def _tables(connection: Connection) -> Finding:
    current = set(MigrationContext.configure(connection).get_current_heads())
    folder = Path(str(web.migrations.__file__)).parent
    wanted = set(ScriptDirectory(str(folder)).get_heads())
    if current == wanted:
        return Finding(_AREA, "tables", "ok", f"at revision {', '.join(sorted(current))}")
    have = ", ".join(sorted(current)) or "none"
    return Finding(
        _AREA, "tables", "warn", f"at revision {have}, the program wants {', '.join(wanted)}",
        "restart 'grapevine up', which brings them up to date",
    )  # fmt: skip
