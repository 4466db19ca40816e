"""The models: there, and not a byte changed."""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.errors import ModelCorrupt, ModelError
from retrieval.models import ModelStore
from web.doctor.findings import Finding
from web.settings import Settings
from web.supervisor.preparation import model_names


def check(settings: Settings) -> Iterator[Finding]:
    """Hash every file of the models that these settings serve with."""
    store = ModelStore(settings.cache_dir, settings.model_dir)
    for name in model_names(settings):
        try:
            store.verify(name)
        except ModelCorrupt as error:
            yield Finding(
                "models", name, "fail", str(error), f"run 'grapevine models fetch --force {name}'"
            )
        except ModelError as error:
            yield Finding(
                "models", name, "fail", str(error), f"run 'grapevine models fetch {name}'"
            )
        else:
            yield Finding("models", name, "ok", f"hashes right, in {store.root}")
