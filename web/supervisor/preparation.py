"""What has to be there before the web process can answer: models, tables, the demo entries."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from web.settings import PROJECT_ROOT, Settings

Progress = Callable[[str, int, int], None]

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

    Returns how many were loaded. Raises SQLAlchemyError, KnowledgeError and IndexUnavailable.
    """
    from knowledge.changes import last_seq
    from knowledge.database import open_engine, reading
    from knowledge.store import KnowledgeStore
    from knowledge.transfer.importing import import_file
    from web.migrations import upgrade
    from web.vectors import prepare_vectors

    settings.make_data_dir()
    engine = open_engine(database_url(settings))
    try:
        upgrade(engine)
        prepare_vectors(settings, engine)
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

    Raises ModelError, IndexUnavailable, SQLAlchemyError, KnowledgeError.
    """
    ensure_models(settings, progress)
    report = progress("knowledge base")
    loaded = prepare_database(settings)
    report(f"{loaded} demo entries loaded" if loaded else "up to date", 1, 1)


def main() -> int:
    """Prepare as a process of its own, so that the supervisor stays small.

    Prints a JSON object a line: {"name", "stage", "done", "total"} or, last, {"error"}.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from knowledge.errors import KnowledgeError
    from retrieval.errors import RetrievalError

    def progress(name: str) -> Progress:
        return lambda stage, done, total: tell(name=name, stage=stage, done=done, total=total)

    def tell(**what: object) -> None:
        print(json.dumps(what), flush=True)

    try:
        prepare_web(Settings(), progress)
    except (RetrievalError, KnowledgeError, OSError) as error:
        tell(error=str(error))
        return 1
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        tell(error=f"The database cannot be used: {reason}. Run 'grapevine doctor'.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
