"""Reading a conversation back: pages of its history, and the last turns as context."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from web.conversation.models import Earlier, StoredMessage
from web.conversation.rows import EARLIER, SELECT_MESSAGES, earlier, to_message
from web.conversation.storage import Database
from web.conversation.tables import conversations, messages
from web.errors import ConversationGone, ConversationNotFound

PAGE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Messages in ascending ``seq``; ``last_seq`` is the conversation's, not the page's."""

    messages: tuple[StoredMessage, ...]
    last_seq: int


class History:
    """What was said, read page by page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, conversation_id: str, after_seq: int = 0, limit: int = PAGE) -> Page:
        """The messages after ``after_seq``, at most ``limit`` of them.

        Raises ConversationNotFound, ConversationGone, LogUnavailable.
        """
        query = (
            SELECT_MESSAGES.where(
                messages.c.conversation_id == conversation_id, messages.c.seq > after_seq
            )
            .order_by(messages.c.seq)
            .limit(limit)
        )
        state = select(conversations.c.last_seq, conversations.c.deleted_at).where(
            conversations.c.id == conversation_id
        )
        with self._database.reading() as connection:
            found = connection.execute(state).one_or_none()
            if found is None:
                raise ConversationNotFound
            if found.deleted_at is not None:
                raise ConversationGone
            rows = connection.execute(query).all()
        return Page(tuple(map(to_message, rows)), int(found.last_seq))

    def before(self, message: StoredMessage, limit: int = EARLIER) -> tuple[Earlier, ...]:
        """The last ``limit`` messages before ``message``, oldest first."""
        with self._database.reading() as connection:
            return earlier(connection, message.conversation_id, message.seq, limit)

    def message(self, conversation_id: str, message_id: str) -> StoredMessage | None:
        """One message of the conversation, or None."""
        query = SELECT_MESSAGES.where(
            messages.c.conversation_id == conversation_id, messages.c.id == message_id
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return to_message(row) if row is not None else None

    def offered(self, conversation_id: str, entry_id: str) -> bool:
        """Whether an answer of the conversation had the entry among its options."""
        query = select(messages.c.options).where(
            messages.c.conversation_id == conversation_id, messages.c.role == "assistant"
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).scalars().all()
        return any(option["entry_id"] == entry_id for options in rows for option in options or ())
