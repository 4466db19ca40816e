"""Settings as environment variables, for the processes that the supervisor starts."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pydantic import SecretStr

from web.settings import Settings
from web.supervisor import bot_project

_AVX512 = {"avx512f", "avx512cd", "avx512vl", "avx512bw", "avx512dq"}


def web_environment(settings: Settings) -> dict[str, str]:
    """Our own environment with every setting spelled out, secrets too.

    The web process so sees exactly these settings, whatever options chose them.
    """
    prefix = str(Settings.model_config["env_prefix"])
    found = dict(os.environ)
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None:
            found.pop(prefix + name.upper(), None)
        else:
            found[prefix + name.upper()] = _as_text(value)
    # Encoders run on one thread each; more arenas would only keep freed memory. Left to itself,
    # numpy's library spins up every core for products that take a tenth of a millisecond: half of
    # the processor time of a search.
    ours = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}
    ours |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return _fastest_kernels() | found | ours


def bot_environment(settings: Settings) -> dict[str, str]:
    """What the Rasa process needs and no more: no token key, no keys of the compatible ends."""
    assert settings.bot_secret is not None
    ours = {
        "GRAPEVINE_BOT_SECRET": settings.bot_secret.get_secret_value(),
        "GRAPEVINE_BOT_STATE": str(settings.data_dir / "bot" / "state"),
        "GRAPEVINE_ACTION_URL": f"{local_url(settings)}/internal/actions",
        "PYTHONUNBUFFERED": "1",
    }
    prefix = str(Settings.model_config["env_prefix"])
    inherited = {
        name: value for name, value in os.environ.items() if not name.upper().startswith(prefix)
    }
    return inherited | bot_project.ENVIRONMENT | ours


def local_url(settings: Settings) -> str:
    """Address at which this machine reaches the web process."""
    host = settings.host
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not listened on
        host = "127.0.0.1" if host != "::" else "::1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def resolved(settings: Settings) -> Settings:
    """The same settings with absolute folders: children run in folders of their own."""
    folders = {
        name: Path(value).expanduser().resolve()
        for name in ("data_dir", "cache_dir", "model_dir")
        if (value := getattr(settings, name)) is not None
    }
    return settings.model_copy(update=folders)


def _fastest_kernels() -> dict[str, str]:
    """CTranslate2 uses AVX-512 on Intel alone unless told; elsewhere it takes a sixth off a pass.

    Told only where the processor has what CTranslate2 asks for: it refuses to start otherwise.
    """
    try:
        words = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    flags = next((line for line in words.splitlines() if line.startswith("flags")), "").split()
    return {"CT2_FORCE_CPU_ISA": "AVX512"} if _AVX512.issubset(flags) else {}


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return json.dumps([_as_text(item) for item in value])
    return str(value)
