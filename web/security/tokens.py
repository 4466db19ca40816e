"""Tokens that open one conversation for a short time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
from pydantic import SecretStr

from web.errors import TokenExpired, TokenMismatch, Unauthorized

_ALGORITHM = "HS256"
_AUDIENCE = "grapevine-chat"


class Tokens:
    """Signs and checks conversation tokens (JWT, HMAC-SHA256).

    Args:
        secret: the signing key, at least 32 bytes.
        ttl_s: life of a token in seconds.
    """

    def __init__(self, secret: SecretStr, ttl_s: int) -> None:
        self._key = secret.get_secret_value()
        self._ttl = timedelta(seconds=ttl_s)

    def issue(self, conversation_id: str) -> tuple[str, datetime]:
        """A fresh token for the conversation, and when it expires."""
        now = datetime.now(UTC)
        expires = now + self._ttl
        claims = {"sub": conversation_id, "aud": _AUDIENCE, "iat": now, "exp": expires}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM), expires

    def check(self, token: str, conversation_id: str) -> None:
        """Raise Unauthorized, TokenExpired or TokenMismatch unless the token opens it."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["sub", "aud", "exp"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenExpired from error
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise Unauthorized("The token cannot be trusted.") from error
        if claims["sub"] != conversation_id:
            raise TokenMismatch
