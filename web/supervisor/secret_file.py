"""The two secrets that are made on first start, kept where only the owner can read them."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from web.settings import Settings

_BYTES = 32
_NAMES = ("bot_secret", "token_secret")


def with_secrets(settings: Settings) -> Settings:
    """The same settings with every secret filled: from the environment, else from the file.

    The file is ``secrets.json`` in the data folder, mode 0600, made on first use; deleting it
    makes new ones and ends every open conversation's token.
    """
    missing = [name for name in _NAMES if getattr(settings, name) is None]
    if not missing:
        return settings
    settings.make_data_dir()
    kept = _kept(settings.data_dir / "secrets.json")
    return settings.model_copy(update={name: SecretStr(kept[name]) for name in missing})


def _kept(path: Path) -> dict[str, str]:
    made = {name: secrets.token_urlsafe(_BYTES) for name in _NAMES}
    part = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(made, file)
    try:
        # A link fails where the file exists: of two first starts, one wins and both read it.
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {name: str(kept[name]) for name in _NAMES}
