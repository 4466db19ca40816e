"""Errors of the supervisor, under one root; each message says what to do.

SupervisorError
├── PortBusy            another program listens there
├── BotRuntimeMissing   the bot's own Python environment is not there
├── PreparationFailed   models, tables or demo entries could not be provided
├── TrainingFailed      Rasa could not train the project
└── ChildFailed         a process kept ending before it could answer
"""


class SupervisorError(Exception):
    """Root of every error raised by this package."""


class PortBusy(SupervisorError):
    """Another program listens on a port that we were told to use."""


class BotRuntimeMissing(SupervisorError):
    """The bot's own Python environment is not there or does not run."""


class PreparationFailed(SupervisorError):
    """Models, tables or demo entries could not be provided; the message says what to do."""


class TrainingFailed(SupervisorError):
    """Rasa could not train the project; the message names its log."""


class ChildFailed(SupervisorError):
    """A process kept ending before it could answer; the message names its log."""
