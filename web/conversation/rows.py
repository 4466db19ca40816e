"""Rows of the log as messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select

from web.conversation.models import Earlier, Option, Provenance, StoredMessage
from web.conversation.tables import feedback, messages

#: Messages with the thumb that was given on them.
SELECT_MESSAGES = select(
    messages.c.id,
    messages.c.conversation_id,
    messages.c.seq,
    messages.c.role,
    messages.c.text,
    messages.c.created_at,
    messages.c.client_message_id,
    messages.c.reply_to,
    messages.c.options,
    messages.c.provenance,
    messages.c.stopped,
    feedback.c.value.label("feedback"),
).outerjoin_from(messages, feedback, feedback.c.message_id == messages.c.id)


#: As many messages before a new one are its context.
EARLIER = 8
#: Built once: it is run for every message.
_EARLIER = (
    select(messages.c.role, messages.c.text, messages.c.options)
    .where(messages.c.conversation_id == bindparam("key"), messages.c.seq < bindparam("below"))
    .order_by(messages.c.seq.desc())
    .limit(bindparam("most"))
)


def earlier(
    connection: Connection, conversation_id: str, below: int, most: int
) -> tuple[Earlier, ...]:
    """The last ``most`` messages before the one with the seq ``below``, oldest first."""
    values = {"key": conversation_id, "below": below, "most": most}
    rows = connection.execute(_EARLIER, values).all()
    return tuple(
        Earlier(role, text, tuple(Option.model_validate(option) for option in options or ()))
        for role, text, options in reversed(rows)
    )


def to_message(row: Any) -> StoredMessage:
    """The message that ``row`` of SELECT_MESSAGES holds."""
    values = dict(row._mapping)
    options, provenance = values.pop("options"), values.pop("provenance")
    return StoredMessage(
        **values,
        options=tuple(Option.model_validate(option) for option in options or ()),
        provenance=Provenance.model_validate(provenance) if provenance else None,
    )
