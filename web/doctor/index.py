"""The search index: does what lies on disk hold exactly the entries that may be answered?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from knowledge.changes import answerable
from knowledge.database import open_engine, reading
from retrieval.errors import ModelError
from retrieval.hybrid import HybridRetriever
from retrieval.models import ModelStore
from retrieval.types import Entry
from web.doctor.findings import Finding
from web.settings import Settings
from web.supervisor.preparation import database_url

_AREA = "index"
_SHOWN = 3
_RESTART = "none needed: the next start of 'grapevine up' mends it"


def check(settings: Settings) -> Iterator[Finding]:
    """Load the snapshot as the web process would and compare it with the base."""
    folder = settings.data_dir / "index"
    if not folder.is_dir() or not any(folder.glob("snapshot-*")):
        yield Finding(_AREA, "snapshot", "ok", "not made yet: 'grapevine up' makes it")
        return
    store = ModelStore(settings.cache_dir, settings.model_dir)
    retriever = HybridRetriever(store, folder, settings.encoder_en, settings.encoder_multi)
    try:
        retriever.load()
    except ModelError as error:
        yield Finding(_AREA, "snapshot", "fail", str(error), "mend the models first (see above)")
        return
    if retriever.damage:
        yield Finding(_AREA, "snapshot", "warn", retriever.damage, _RESTART)
        return
    yield Finding(_AREA, "snapshot", "ok", str(folder))
    entries = _entries(database_url(settings))
    if entries is not None:
        yield _compare(retriever, entries)


def _entries(url: str) -> Sequence[Entry] | None:
    """What the index should hold; None where the base cannot be read (said elsewhere)."""
    file = make_url(url).database if url.startswith("sqlite") else None
    if file is not None and not Path(file).exists():
        return None
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            return [entry.for_index() for entry in answerable(connection, datetime.now(UTC))]
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()


def _compare(retriever: HybridRetriever, entries: Sequence[Entry]) -> Finding:
    found = retriever.check(entries)
    if found.ok:
        detail = f"{found.entries} entries in {found.vectors} vectors, as in the base"
        return Finding(_AREA, "consistency", "ok", detail)
    parts = [
        f"{len(ids)} {what} ({', '.join(ids[:_SHOWN])}{' …' if len(ids) > _SHOWN else ''})"
        for what, ids in (
            ("not in it", found.missing),
            ("in an older revision", found.stale),
            ("that are no longer answered", found.unknown),
        )
        if ids
    ]
    # A running server may be ahead of its own snapshot, hence no failure.
    return Finding(
        _AREA, "consistency", "warn", f"the snapshot differs from the base: {'; '.join(parts)}",
        _RESTART,
    )  # fmt: skip
