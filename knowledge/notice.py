"""Hearing of changes the moment they are committed, on PostgreSQL.

Every write to the base issues ``NOTIFY`` in its own transaction, so that PostgreSQL tells it to all
listeners at the commit and never before it. A notice says that something was written, not what: the
listener asks the base. Nothing is lost when a notice is: whoever listens also asks now and then.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, text

_log = logging.getLogger(__name__)

CHANNEL = "grapevine_kb"
#: By this name operators find the connection in ``pg_stat_activity``.
APPLICATION = "grapevine-listener"

_PROBE_S = 10.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_CONNECT_TIMEOUT_S = 5
_JOIN_S = 2.0


def notify(connection: Connection) -> None:
    """Tell all listeners once this transaction is committed; nothing on other databases."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_notify('{CHANNEL}', '')"))


class ChangeListener:
    """Calls ``heard`` after each commit that changed the base, from ``start`` to ``close``.

    It has a thread and a connection of its own, outside the engine's pool. A connection that is
    lost is made again after half a second, then after one, two, four … up to 30; ``hearing``
    tells whether there is one. After each start of listening ``heard`` is called once, for what
    was written before. Several notices may become one call.
    """

    def __init__(self, engine: Engine, *, probe_s: float = _PROBE_S) -> None:
        self.hearing = False
        self._engine = engine
        self._probe_s = probe_s
        self._heard: Callable[[], object] = lambda: None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kb-listener", daemon=True)
        self._bell, self._rope = socket.socketpair()

    def start(self, heard: Callable[[], object]) -> None:
        """Begin to listen; returns at once, whether or not the server can be reached."""
        self._heard = heard
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._stop.set()
        self._rope.close()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
        if not self._thread.is_alive():
            self._bell.close()

    def _run(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    pause = _FIRST_PAUSE_S
                    self.hearing = True
                    self._heard()
                    self._listen(connection)
            except Exception as error:  # noqa: BLE001 - a driver can fail in many ways; tried again
                _log.warning(
                    "changes are asked for, not heard of: the listening connection failed (%s)",
                    str(error).strip().splitlines()[0] if str(error).strip() else type(error),
                )
            self.hearing = False
            self._stop.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _connect(self) -> Any:
        # Of the driver we only need a connection; serving on SQLite does not load it.
        import psycopg

        _, named = self._engine.dialect.create_connect_args(self._engine.url)
        wanted = {
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "application_name": APPLICATION,
            **named,
            "autocommit": True,
        }
        return psycopg.connect(**wanted)

    def _listen(self, connection: Any) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            while not self._stop.is_set():
                if not selector.select(self._probe_s):
                    # A server that vanished without a word is noticed by asking it something.
                    connection.execute("SELECT 1")
                for _ in connection.notifies(timeout=0):
                    self._heard()
