"""What a visitor leaves besides messages: thumbs, and the wish to hear from a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from web.conversation import ids
from web.conversation.storage import Database
from web.conversation.tables import conversations, feedback, handoff_requests, messages
from web.errors import ConversationGone, ConversationNotFound, MessageNotFound

Thumb = Literal["up", "down"]


class Aftercare:
    """Thumbs and handoff requests in the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rate(self, conversation_id: str, message_id: str, value: Thumb | None) -> None:
        """Store a thumb on an answer; None takes it back.

        Raises MessageNotFound, LogUnavailable.
        """
        with self._database.writing() as connection:
            found = connection.execute(
                select(messages.c.role).where(
                    messages.c.id == message_id, messages.c.conversation_id == conversation_id
                )
            ).scalar()
            if found != "assistant":
                raise MessageNotFound("Only an answer of this conversation can be rated.")
            connection.execute(delete(feedback).where(feedback.c.message_id == message_id))
            if value is not None:
                values = {
                    "message_id": message_id,
                    "value": value,
                    "updated_at": datetime.now(UTC),
                }
                connection.execute(insert(feedback), values)

    def request_person(self, conversation_id: str, email: str, note: str) -> str:
        """Keep the wish to be written to by a person; returns the reference number.

        Raises ConversationNotFound, ConversationGone, LogUnavailable.
        """
        for _ in range(5):
            reference = ids.reference()
            values = {
                "reference": reference,
                "conversation_id": conversation_id,
                "email": email,
                "note": note,
                "created_at": datetime.now(UTC),
            }
            try:
                with self._database.writing() as connection:
                    living = connection.execute(
                        select(conversations.c.deleted_at).where(
                            conversations.c.id == conversation_id
                        )
                    ).one_or_none()
                    if living is None:
                        raise ConversationNotFound
                    if living.deleted_at is not None:
                        raise ConversationGone
                    connection.execute(insert(handoff_requests), values)
            except IntegrityError:
                continue  # the reference was taken, one chance in 10^11
            return reference
        raise RuntimeError("five random reference numbers in a row were taken")
