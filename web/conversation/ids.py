"""Ids and keys: unguessable where they open something, readable where a person says them."""

from __future__ import annotations

import hashlib
import secrets

# No vowels (no words by accident) and none that are easily mistaken for each other.
_SPOKEN = "BCDFGHJKLMNPQRSTVWXZ23456789"


def conversation_id() -> str:
    """A new conversation's id: 128 random bits."""
    return f"c-{secrets.token_urlsafe(16)}"


def message_id() -> str:
    """A new message's id."""
    return f"m-{secrets.token_urlsafe(12)}"


def resume_key() -> str:
    """The key by which a visitor gets fresh tokens; only its hash is stored."""
    return secrets.token_urlsafe(32)


def key_hash(key: str) -> str:
    """What is stored of a resume key. It is random enough to need no salt or stretching."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def reference() -> str:
    """A reference number that can be read out on the phone, such as GV-7K3Q-9MXB."""
    letters = [secrets.choice(_SPOKEN) for _ in range(8)]
    return f"GV-{''.join(letters[:4])}-{''.join(letters[4:])}"
