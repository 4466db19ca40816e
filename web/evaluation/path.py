"""The full path under test: a product of its own, holding exactly the entries of a file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from knowledge.database import open_engine
from knowledge.errors import InvalidEntry
from knowledge.store import KnowledgeStore
from knowledge.types import EntryContent
from web.evaluation.errors import UnreadableInput
from web.settings import Settings

_AUTHOR = "evaluation"
#: Limits that protect a public server would only measure themselves here.
_UNLIMITED: dict[str, Any] = {"rate_per_minute": 1_000_000, "max_connections_per_ip": 2_000}


@contextmanager
def path_holding(
    entries: Sequence[dict[str, Any]],
    *,
    rejected: Callable[[str, str], None],
    log: Path | None = None,
) -> Iterator[str]:
    """Start the whole product on a temporary folder with ``entries`` published; yields its URL.

    An entry that the base does not take is handed to ``rejected`` as (id, reason) and left out.
    What the product said is copied to ``log`` at the end. Raises UnreadableInput where no entry
    was taken and SupervisorError where the product does not start.
    """
    from web.migrations import upgrade
    from web.supervisor.running import running_product

    with tempfile.TemporaryDirectory(prefix="grapevine-eval-") as folder:
        data_dir = Path(folder)
        settings = Settings(data_dir=data_dir, demo=False, **_UNLIMITED)
        _share_trained_bot(data_dir)
        engine = open_engine(f"sqlite:///{data_dir / 'grapevine.db'}")
        upgrade(engine)
        taken = _load(KnowledgeStore(engine), entries, rejected)
        engine.dispose()
        if not taken:
            raise UnreadableInput("the base took none of the entries")
        try:
            with running_product(settings) as url:
                yield url
        finally:
            words = data_dir / "logs" / "up.log"
            if log is not None and words.exists():
                shutil.copy(words, log)


def _load(
    store: KnowledgeStore,
    entries: Sequence[dict[str, Any]],
    rejected: Callable[[str, str], None],
) -> int:
    taken = 0
    for row in entries:
        content = EntryContent(
            lang=row["lang"],
            question=row["question"],
            answer=row["answer"],
            alternatives=tuple(row.get("alternatives") or ()),
            topic=row.get("topic"),
            status="published",
            translation_of=row.get("translation_of"),
        )
        try:
            store.create(content, author=_AUTHOR, entry_id=row["id"])
        except InvalidEntry as error:
            rejected(row["id"], str(error))
        else:
            taken += 1
    return taken


def _share_trained_bot(data_dir: Path) -> None:
    """Lend the trained bot of the usual data folder, so that an evaluation need not train one."""
    from web.supervisor.bot_project import BotProject

    own = BotProject(Settings().data_dir / "bot" / "models").model()
    lent = BotProject(data_dir / "bot" / "models").model()
    if own.exists():
        lent.parent.mkdir(parents=True)
        try:
            os.link(own, lent)
        except OSError:
            shutil.copy(own, lent)
