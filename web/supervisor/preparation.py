"""What has to be there before the web process can answer: models, tables, the demo entries."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from web.settings import Settings

Progress = Callable[[str, int, int], None]
T = TypeVar("T")


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
