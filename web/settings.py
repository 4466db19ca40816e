"""Every setting of the product, read once from the environment (prefix ``GRAPEVINE_``).

Only this module reads the environment; everything below is handed what it needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings with their defaults; the field's description is what the docs say of it."""

    model_config = SettingsConfigDict(env_prefix="GRAPEVINE_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default=PROJECT_ROOT / "data",
        description="Folder of the database, the index and the trained bot.",
    )
    cache_dir: Path | None = Field(
        default=None,
        description="Folder of fetched and converted models; the user's cache folder where unset.",
    )
    model_dir: Path | None = Field(
        default=None,
        description="Local folder that is searched for model files before any other source.",
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL; SQLite in the data folder where unset."
    )
    index: Literal["memory", "pgvector"] = Field(
        default="memory",
        description="Where the vectors of entries are kept and searched: 'memory' of each web "
        "process, or 'pgvector', in the database, which then has to be a PostgreSQL.",
    )
    host: str = Field(default="127.0.0.1", description="Address the web process listens on.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port the web process listens on.")
    bot_port: int = Field(
        default=5105, ge=1, le=65535, description="Loopback port of the Rasa server."
    )
    bot_url: str | None = Field(
        default=None,
        description="Address of a Rasa server elsewhere; the embedded one where unset.",
    )
    bot_secret: SecretStr | None = Field(
        default=None,
        description="Secret shared with the Rasa server; made on first start where unset.",
    )
    token_secret: SecretStr | None = Field(
        default=None,
        description="Key that signs conversation tokens; made on first start where unset.",
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Origins besides our own whose pages may embed the widget (exact match).",
    )
    open_api: bool = Field(
        default=False,
        description="Serve the compatible ends (OpenAI, Rasa REST) without a key; "
        "refused unless the web process listens on loopback.",
    )
    api_keys: tuple[SecretStr, ...] = Field(
        default=(), description="Keys accepted by the compatible ends."
    )
    encoder_en: str = Field(
        default="reader-en", description="Encoder that compares English with English."
    )
    encoder_multi: str = Field(
        default="reader-multi", description="Encoder for Chinese, and across languages."
    )
    generator: str = Field(
        default="smollm2-135m",
        description="Generator of composed replies; 'none' turns composing off.",
    )
    token_ttl_s: int = Field(
        default=3600, ge=60, description="Life of a conversation token in seconds."
    )
    max_message_chars: int = Field(
        default=4000, ge=1, description="Longest message in code points."
    )
    max_frame_bytes: int = Field(
        default=65536, ge=1024, description="Largest websocket frame in bytes."
    )
    rate_per_minute: int = Field(
        default=60, ge=1, description="Messages a conversation may send a minute."
    )
    rate_per_minute_per_ip: int = Field(
        default=1200,
        ge=1,
        description="Messages and new conversations an address may send a minute; "
        "addresses of this machine are not limited.",
    )
    max_connections: int = Field(default=2000, ge=1, description="Open websockets at most.")
    max_connections_per_ip: int = Field(
        default=600, ge=1, description="Open websockets from one address at most."
    )
    retrieval_deadline_s: float = Field(
        default=2.0, gt=0, description="Longest wait for retrieval; beyond it, nothing was found."
    )
    bot_deadline_s: float = Field(
        default=3.0, gt=0, description="Longest wait for the bot's route."
    )
    bot_patience_s: float = Field(
        default=120.0,
        ge=0,
        description="How long after its start the web process waits for a bot that has not come "
        "yet, before it says that it is ready without one.",
    )
    generation_deadline_s: float = Field(
        default=12.0, gt=0, description="Longest wait for a composed reply."
    )
    demo: bool = Field(
        default=True, description="Serve the demo site and load the demo knowledge base."
    )
    log_level: str = Field(default="info", description="Level of the process log.")
    support_email: str = Field(
        default="support@tidewire.example", description="Address shown where a person is asked for."
    )
    support_hours: str = Field(
        default="Mon-Fri 9:00-18:00", description="Opening hours shown with it."
    )

    def make_data_dir(self) -> None:
        """Make the data folder where it is missing, for its owner alone: chats are kept there.

        A folder that exists stays as it is. Raises OSError where it cannot be made.
        """
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        self.data_dir.mkdir(mode=0o700, exist_ok=True)
