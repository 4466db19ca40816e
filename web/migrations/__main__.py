"""Write a new revision: ``python -m web.migrations "what changes"``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from alembic import command

from knowledge.database import open_engine, writing
from web.migrations import configuration, upgrade


def main() -> None:
    """Compare the declared tables with those of the history so far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("message", help="what changes, in a few words")
    message = parser.parse_args().message
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'history.db'}")
        upgrade(engine)
        config = configuration()
        count = len(list((Path(__file__).parent / "versions").glob("[0-9]*.py")))
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.revision(config, message, autogenerate=True, rev_id=f"{count + 1:04d}")
        engine.dispose()


if __name__ == "__main__":
    main()
