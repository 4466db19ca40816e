"""Looking at a port before anything is started on it."""

from __future__ import annotations

import errno
import socket

from web.supervisor.errors import PortBusy


def check_port(host: str, port: int, option: str, setting: str) -> None:
    """Make sure that ``port`` can be listened on.

    Raises PortBusy, naming the option and the setting that choose another one.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As uvicorn and Sanic do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortBusy(_reason(error, host, port, option, setting)) from error


def _reason(error: OSError, host: str, port: int, option: str, setting: str) -> str:
    choose = f"choose another with {option} PORT or {setting}=PORT"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program (or by a Grapevine that is "
            f"already running): stop that, or {choose}."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the administrator: {choose}, above 1023."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine has no address {host}: set --host or GRAPEVINE_HOST to one it has."
    return f"Port {port} on {host} cannot be used ({error.strerror}): {choose}."
