"""The conversation log: what was said, committed before anything else happens.

Three promises, held by the database and not by this process alone:

* one message per ``(conversation_id, client_message_id)``: a retry finds the first one;
* ``seq`` grows by one for each message of a conversation, whoever writes;
* a visitor's message is answered at most once (``reply_to`` is unique).

All methods are synchronous; :class:`web.conversation.storage.LogThreads` runs them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from web.conversation import ids
from web.conversation.models import Earlier, StoredMessage, UserMessage
from web.conversation.rows import EARLIER, SELECT_MESSAGES, earlier, to_message
from web.conversation.storage import Database
from web.conversation.tables import conversations, messages
from web.errors import ConversationGone, ConversationNotFound, LogUnavailable, MessageConflict

_NEXT_SEQ = (
    update(conversations)
    .where(conversations.c.id == bindparam("key"), conversations.c.deleted_at.is_(None))
    .values(last_seq=conversations.c.last_seq + 1)
    .returning(conversations.c.last_seq, conversations.c.missed)
)
_INSERT_MESSAGE = insert(messages)
_CONVERSATION = select(conversations).where(conversations.c.id == bindparam("key"))


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a visitor's message.

    ``duplicate`` tells that it had been committed before; ``answer`` is then its answer, where
    there is one already. ``missed`` counts the turns that Rasa has not been told of. ``history``
    are the messages before it at that moment, oldest first; None for a duplicate.
    """

    message: StoredMessage
    duplicate: bool = False
    answer: StoredMessage | None = None
    missed: int = 0
    history: tuple[Earlier, ...] | None = None


@dataclass(frozen=True, slots=True)
class MissedTurn:
    """A turn that was answered without Rasa."""

    message_id: str
    text: str
    reply: str


class ConversationLog:
    """Conversations and their messages in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, channel: str, conversation_id: str | None = None) -> tuple[str, str]:
        """Start a conversation; returns its id and its resume key.

        A given ``conversation_id`` that exists already raises MessageConflict.
        """
        key, identity = ids.resume_key(), conversation_id or ids.conversation_id()
        values = {
            "id": identity,
            "channel": channel,
            "created_at": datetime.now(UTC),
            "resume_key_hash": ids.key_hash(key),
        }
        try:
            with self._database.writing() as connection:
                connection.execute(insert(conversations), values)
        except IntegrityError as error:
            raise MessageConflict(f"The conversation {identity!r} exists already.") from error
        return identity, key

    def last_seq(self, conversation_id: str) -> int:
        """The seq of the last message, 0 before the first.

        Raises ConversationNotFound, ConversationGone, LogUnavailable.
        """
        with self._database.reading() as connection:
            return int(_living(connection, conversation_id)["last_seq"])

    def opens(self, conversation_id: str, resume_key: str) -> bool:
        """Tell whether ``resume_key`` belongs to the conversation."""
        with self._database.reading() as connection:
            stored = str(_living(connection, conversation_id)["resume_key_hash"])
        # Hashes are compared: timing tells nothing about the key.
        return stored == ids.key_hash(resume_key)

    def append_user(self, message: UserMessage) -> Accepted:
        """Commit a visitor's message, or find the one that was committed under its id.

        Raises MessageConflict where the id stands for another text, ConversationNotFound,
        ConversationGone, LogUnavailable.
        """
        stored = StoredMessage(
            id=ids.message_id(),
            conversation_id=message.conversation_id,
            seq=0,
            role="user",
            text=message.text,
            created_at=datetime.now(UTC),
            client_message_id=message.client_message_id,
        )
        values = _columns(stored) | {
            "channel": message.channel,
            "lang": message.lang,
            "selected_entry_id": message.selected_entry_id,
            "payload_hash": payload_hash(message),
        }
        try:
            with self._database.writing() as connection:
                seq, missed = _next_seq(connection, message.conversation_id)
                connection.execute(_INSERT_MESSAGE, values | {"seq": seq})
                history = earlier(connection, message.conversation_id, seq, EARLIER)
        except IntegrityError:
            return self._committed_before(message)
        return Accepted(stored.model_copy(update={"seq": seq}), missed=missed, history=history)

    def append_answer(self, answer: StoredMessage, channel: str, missed: bool) -> StoredMessage:
        """Commit an answer with its provenance; ``missed`` where Rasa took no part.

        Where the message has an answer already, that one is returned and nothing is written.
        """
        values = _columns(answer) | {
            "channel": channel,
            "options": [option.model_dump() for option in answer.options] or None,
            "provenance": answer.provenance.model_dump(mode="json") if answer.provenance else None,
            "lang": answer.provenance.lang if answer.provenance else None,
            "missed": missed,
        }
        try:
            with self._database.writing() as connection:
                seq, _ = _next_seq(connection, answer.conversation_id)
                connection.execute(_INSERT_MESSAGE, values | {"seq": seq})
                if missed:
                    connection.execute(
                        update(conversations)
                        .where(conversations.c.id == answer.conversation_id)
                        .values(missed=conversations.c.missed + 1)
                    )
        except IntegrityError:
            first = self.answer_to(answer.reply_to or "")
            if first is None:
                raise
            return first
        return answer.model_copy(update={"seq": seq})

    def answer_to(self, message_id: str) -> StoredMessage | None:
        """The answer to a visitor's message, or None as long as there is none."""
        with self._database.reading() as connection:
            row = connection.execute(
                SELECT_MESSAGES.where(messages.c.reply_to == message_id)
            ).one_or_none()
        return to_message(row) if row is not None else None

    def pending(
        self, conversation_id: str | None = None, within: timedelta | None = None
    ) -> tuple[UserMessage, ...]:
        """Visitors' messages that have no answer, oldest first.

        They are left behind by a crash between the two commits of a turn.
        """
        answers = messages.alias("answers")
        query = (
            select(messages)
            .where(messages.c.role == "user", ~exists().where(answers.c.reply_to == messages.c.id))
            .order_by(messages.c.created_at, messages.c.seq)
        )
        if conversation_id is not None:
            query = query.where(messages.c.conversation_id == conversation_id)
        if within is not None:
            query = query.where(messages.c.created_at > datetime.now(UTC) - within)
        with self._database.reading() as connection:
            return tuple(_user_message(row._mapping) for row in connection.execute(query))

    def missed(self, conversation_id: str, limit: int = 20) -> tuple[MissedTurn, ...]:
        """The last turns that Rasa has not been told of, oldest first."""
        asked = messages.alias("asked")
        query = (
            select(asked.c.id, asked.c.text, messages.c.text)
            .join_from(messages, asked, messages.c.reply_to == asked.c.id)
            .where(messages.c.conversation_id == conversation_id, messages.c.missed.is_(True))
            .order_by(messages.c.seq.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(MissedTurn(*row) for row in reversed(rows))

    def told(self, conversation_id: str) -> None:
        """Note that Rasa has been told of the missed turns."""
        with self._database.writing() as connection:
            connection.execute(
                update(messages)
                .where(messages.c.conversation_id == conversation_id, messages.c.missed.is_(True))
                .values(missed=False)
            )
            connection.execute(
                update(conversations).where(conversations.c.id == conversation_id).values(missed=0)
            )

    def delete(self, conversation_id: str) -> None:
        """Delete all that was said, with the thumbs on it; the id stays taken.

        A request to hear from a person stays: the visitor still waits for that letter.
        """
        with self._database.writing() as connection:
            _living(connection, conversation_id)
            connection.execute(
                delete(messages).where(messages.c.conversation_id == conversation_id)
            )
            connection.execute(
                update(conversations)
                .where(conversations.c.id == conversation_id)
                .values(deleted_at=datetime.now(UTC), resume_key_hash="")
            )

    def _committed_before(self, message: UserMessage) -> Accepted:
        same_id = (
            messages.c.conversation_id == message.conversation_id,
            messages.c.client_message_id == message.client_message_id,
        )
        with self._database.reading() as connection:
            found = connection.execute(select(messages.c.payload_hash).where(*same_id)).scalar()
            if found is None:
                raise LogUnavailable("The log refused the message for a reason of its own.")
            if found != payload_hash(message):
                raise MessageConflict(
                    f"Another message was sent with the id {message.client_message_id!r}."
                )
            row = connection.execute(SELECT_MESSAGES.where(*same_id)).one()
        first = to_message(row)
        return Accepted(first, duplicate=True, answer=self.answer_to(first.id))


def payload_hash(message: UserMessage) -> str:
    """Tells a retry from another message under the same id."""
    payload = json.dumps([message.text, message.lang, message.selected_entry_id])
    return hashlib.sha256(payload.encode()).hexdigest()


def _next_seq(connection: Connection, conversation_id: str) -> tuple[int, int]:
    row = connection.execute(_NEXT_SEQ, {"key": conversation_id}).one_or_none()
    if row is None:
        _living(connection, conversation_id)
        raise ConversationNotFound
    return int(row[0]), int(row[1])


def _living(connection: Connection, conversation_id: str) -> Any:
    row = connection.execute(_CONVERSATION, {"key": conversation_id}).mappings().one_or_none()
    if row is None:
        raise ConversationNotFound
    if row["deleted_at"] is not None:
        raise ConversationGone
    return row


def _columns(message: StoredMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "role": message.role,
        "text": message.text,
        "created_at": message.created_at,
        "client_message_id": message.client_message_id,
        "reply_to": message.reply_to,
        "stopped": message.stopped,
    }


def _user_message(row: Any) -> UserMessage:
    return UserMessage(
        conversation_id=row["conversation_id"],
        client_message_id=row["client_message_id"],
        text=row["text"],
        channel=row["channel"],
        lang=row["lang"],
        selected_entry_id=row["selected_entry_id"],
    )


__all__: Sequence[str] = ("Accepted", "ConversationLog", "MissedTurn", "payload_hash")
