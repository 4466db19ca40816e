"""The tables of the log, on the product's one metadata."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from knowledge.database import UtcDateTime, metadata

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("resume_key_hash", String(64), nullable=False),
    # The last seq given out. Raising it is the first statement of every write, so that the row
    # lock (Postgres) or the write lock (SQLite) makes writers of one conversation queue.
    Column("last_seq", Integer, nullable=False, server_default="0"),
    Column("missed", Integer, nullable=False, server_default="0"),
    Column("deleted_at", UtcDateTime),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column(
        "conversation_id",
        String(64),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("seq", Integer, nullable=False),
    Column("role", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("lang", String(8)),
    Column("client_message_id", String(128)),
    # sha256 of what the client sent: tells a retry from another message under the same id.
    Column("payload_hash", String(64)),
    Column("selected_entry_id", String(200)),
    # Unique: whoever races, a message is answered once.
    Column("reply_to", String(64), ForeignKey("messages.id", ondelete="CASCADE"), unique=True),
    Column("options", JSON),
    Column("provenance", JSON),
    Column("stopped", Boolean, nullable=False, server_default=text("false")),
    # Answered without Rasa, and Rasa has not been told yet.
    Column("missed", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("conversation_id", "seq", name="uq_messages_seq"),
    UniqueConstraint("conversation_id", "client_message_id", name="uq_messages_client_message_id"),
    Index("ix_messages_created_at", "created_at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column(
        "message_id", String(64), ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("value", String(8), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

handoff_requests = Table(
    "handoff_requests",
    metadata,
    Column("reference", String(16), primary_key=True),
    Column(
        "conversation_id",
        String(64),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("email", String(254), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
