"""Errors of the bot package, under one root.

BotError
├── InvalidTurn       a posted body is not a turn of the contract
├── InsecureChannel   the channel was configured without a shared secret
└── JournalError      the folder of conversation snapshots cannot be used
"""


class BotError(Exception):
    """Root of every error raised by this package (``bot.routing`` has its own, being pure)."""


class InvalidTurn(BotError):
    """A posted body is not a turn; the message says which field and why."""


class InsecureChannel(BotError):
    """The channel was configured without a shared secret."""


class JournalError(BotError):
    """The folder of conversation snapshots cannot be used; the message says what to do."""
