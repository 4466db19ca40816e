"""What has to be there before the web process can answer: models, tables, the demo entries."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from web.settings import PROJECT_ROOT, Settings

Progress = Callable[[str, int, int], None]
T = TypeVar("T")

DEMO = PROJECT_ROOT / "knowledge" / "demo"
_DEMO_AUTHOR = "demo"


def model_names(settings: Settings) -> list[str]:
    """The models that these settings serve with, each once."""
    wanted = [settings.encoder_en, settings.encoder_multi]
    if settings.generator != "none":
        wanted.append(settings.generator)
    return list(dict.fromkeys(wanted))


def ensure_models(settings: Settings, progress: Callable[[str], Progress]) -> None:
    """Fetch and convert what is missing; ``progress`` gives a reporter for each model's name.

    Raises ModelError.
    """
    from retrieval.models import ModelStore

    store = ModelStore(settings.cache_dir, settings.model_dir)
    for name in model_names(settings):
        store.ensure(name, progress(name))


def database_url(settings: Settings) -> str:
    """The database of these settings; SQLite in the data folder where none is set."""
    return settings.database_url or f"sqlite:///{settings.data_dir / 'grapevine.db'}"


def prepare_database(settings: Settings, demo: Path = DEMO) -> int:
    """Bring the tables up to date and load the demo entries into a base that never held any.

    Returns how many were loaded. Raises SQLAlchemyError and KnowledgeError.
    """
    from knowledge.changes import last_seq
    from knowledge.database import open_engine, reading
    from knowledge.store import KnowledgeStore
    from knowledge.transfer.importing import import_file
    from web.migrations import upgrade

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(database_url(settings))
    try:
        upgrade(engine)
        with reading(engine) as connection:
            untouched = last_seq(connection) == 0
        if not (settings.demo and untouched):
            return 0
        store = KnowledgeStore(engine)
        # English first: the Chinese entries name the English ones that they translate.
        reports = [
            import_file(store, demo / name, author=_DEMO_AUTHOR, status="published")
            for name in ("en.jsonl", "zh.jsonl")
        ]
        return sum(len(report.created) for report in reports)
    finally:
        engine.dispose()


def prepare_web(settings: Settings, progress: Callable[[str], Progress]) -> None:
    """All that the web process needs before it starts.

    Raises ModelError, SQLAlchemyError, KnowledgeError.
    """
    ensure_models(settings, progress)
    report = progress("knowledge base")
    loaded = prepare_database(settings)
    report(f"{loaded} demo entries loaded" if loaded else "up to date", 1, 1)


async def in_thread(work: Callable[[], T]) -> T:
    """Run ``work`` in a thread that does not hold up the end of the program.

    ``asyncio.to_thread`` would: Python waits for its threads, and a download cannot be told to
    stop.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        try:
            result, error = work(), None
        except Exception as raised:  # noqa: BLE001 - handed to whoever awaits
            result, error = None, raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="preparation", daemon=True).start()
    return await future
