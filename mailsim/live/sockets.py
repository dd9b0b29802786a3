"""Sockets on loopback addresses, and what the machine says when it refuses one.

Called by the worker and the DNS server for listeners and by the sending driver for connections. Every address passes
``require_loopback`` here and nowhere else; a refusal of the machine is one line that says what to do.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from ipaddress import IPv4Address

from mailsim.errors import Bug, LiveError
from mailsim.live.addressing import require_loopback


def bound_socket(address: IPv4Address, port: int, *, whose: str) -> socket.socket:
    """Return a TCP socket bound to a loopback address, not yet listening.

    Args:
        address: in 127.0.0.0/8.
        port: 0 takes a free one.
        whose: what it is for, as the scenario names it, such as ``mail.contoso.com:25``.

    Raises:
        LiveError: the machine refuses; the text says why in one line.
        Bug: the address is not loopback.
    """
    made = _socket()
    if port:
        # A listener may take its port again while connections of the last run are in TIME_WAIT.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return _bound(made, address, port, whose)


def bound_datagram_socket(address: IPv4Address, port: int, *, whose: str) -> socket.socket:
    """Return a UDP socket bound to a loopback address; arguments and faults as for ``bound_socket``."""
    return _bound(_socket(socket.SOCK_DGRAM, socket.IPPROTO_UDP), address, port, whose)


async def connect(near: socket.socket, address: IPv4Address, port: int) -> None:
    """Connect a bound socket to a loopback address.

    Raises:
        ConnectionRefusedError: nobody listens there.
        LiveError: the machine refuses.
        Bug: the address is not loopback.
    """
    host = require_loopback(address)
    try:
        await asyncio.get_running_loop().sock_connect(near, (host, port))
    except ConnectionRefusedError:
        raise
    except OSError as error:
        raise LiveError(f"cannot connect to {host} port {port}: {_words(error)}") from error


def _bound(made: socket.socket, address: IPv4Address, port: int, whose: str) -> socket.socket:
    """Bind a socket, or close it."""
    try:
        host = require_loopback(address)
    except Bug:
        made.close()
        raise
    try:
        made.bind((host, port))
    except (OSError, OverflowError) as error:
        made.close()
        raise LiveError(_refusal(host, port, whose, error)) from error
    return made


def _socket(kind: int = socket.SOCK_STREAM, protocol: int = socket.IPPROTO_TCP) -> socket.socket:
    try:
        # asyncio turns Nagle's algorithm off only where TCP is named; otherwise the last reply waits 40 ms for an ACK
        made = socket.socket(socket.AF_INET, kind, protocol)
    except OSError as error:
        raise LiveError(f"cannot open a socket: {_words(error)}; raise the limit of open files") from error
    made.setblocking(False)
    return made


def _refusal(host: str, port: int, whose: str, error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        if not port:
            return f"no port of {host} ({whose}) is free; wait a minute until old connections are forgotten"
        return f"port {port} of {host} ({whose}) is in use; end the other program or choose other ports"
    if number == errno.EADDRNOTAVAIL:
        return f"{host} ({whose}) is not an address of this machine; add it to the loopback interface"
    if number in (errno.EACCES, errno.EPERM):
        return f"port {port} of {host} ({whose}) may not be bound by this user; choose ports from 1024 on"
    return f"cannot bind port {port} of {host} ({whose}): {_words(error)}"


def _words(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else None
    return (text or str(error)).lower()
