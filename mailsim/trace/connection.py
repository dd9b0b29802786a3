"""One SMTP connection as both ends saw it, put together from its events.

Called by ``paths`` and by the readers of a trace. A connection that nobody answered is one too. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from mailsim.trace.events import (
    Attributed,
    Closed,
    Connected,
    Event,
    Exchanged,
    Hindered,
    NotConnected,
    NotSecured,
    Secured,
    TlsVerdict,
)
from mailsim.world.certificate import PresentedCertificate

CONNECT, EHLO, STARTTLS, AUTH = "CONNECT", "EHLO", "STARTTLS", "AUTH"
MAIL, RCPT, DATA = "MAIL", "RCPT", "DATA"

CREDENTIALS = "<credentials>"
"""Stands for a line that says who somebody is; what it said is kept nowhere."""

_STAGES = {
    "EHLO": EHLO,
    "HELO": EHLO,
    "STARTTLS": STARTTLS,
    "AUTH": AUTH,
    CREDENTIALS.upper(): AUTH,
    "MAIL": MAIL,
    "RCPT": RCPT,
    "DATA": DATA,
    "BDAT": DATA,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connection and all that was seen on it.

    Args:
        session: its stable name.
        opened: the Connected or NotConnected it began with.
        client: the MTA that connected, by id; empty for a stranger.
        server: the MTA that answered, by id; empty when nobody did.
        host: the name by which the client reached the server; its address where no name is known.
        address: the server's modelled address.
        peer_ip: the address the server saw the client come from; None when nobody answered.
        connector: the Receive connector that took it, empty where there is none.
        client_tls: the client's view of the handshake.
        server_tls: the server's view of it.
        not_secured: why the client went without TLS, or broke off.
        attributed: whose mail the server took it for.
        exchanges: every command with its reply.
        about: the exchanges about each message, by the message's name.
        hindered: the faults of the scenario that struck on it.
        closed: how it ended.
    """

    session: str
    opened: Event
    client: str
    server: str
    host: str
    address: IPv4Address
    peer_ip: IPv4Address | None
    connector: str
    client_tls: Event | None
    server_tls: Event | None
    not_secured: Event | None
    attributed: tuple[Event, ...]
    exchanges: tuple[Event, ...]
    about: Mapping[str, tuple[Event, ...]]
    hindered: tuple[Event, ...]
    closed: Event | None

    def attributed_to(self, names: Iterable[str]) -> tuple[Event, ...]:
        """Return whose mail the server took messages of these names for."""
        wanted = {"", *names}
        return tuple(event for event in self.attributed if event.message in wanted)

    @property
    def verdict(self) -> str:
        """Return what the client made of the server's certificate, a word of ``TlsVerdict``."""
        seen = self.client_tls or self.server_tls
        return seen.what.verdict if seen and isinstance(seen.what, Secured) else TlsVerdict.NONE

    @property
    def tls_version(self) -> str:
        """Return the TLS version, empty for clear text."""
        seen = self.client_tls or self.server_tls
        return seen.what.version if seen and isinstance(seen.what, Secured) else ""

    @property
    def server_certificate(self) -> PresentedCertificate | None:
        """Return what the server presented."""
        seen = self.client_tls
        return seen.what.peer if seen and isinstance(seen.what, Secured) else None

    @property
    def client_certificate(self) -> PresentedCertificate | None:
        """Return what the client presented."""
        seen = self.server_tls
        return seen.what.peer if seen and isinstance(seen.what, Secured) else None

    def concerning(self, message: str) -> tuple[Event, ...]:
        """Return the events that concern a message or the connection as a whole, in order."""
        whole = (self.opened, self.client_tls, self.server_tls, self.not_secured, self.closed)
        some = (*self.attributed, *self.exchanges, *self.hindered)
        mine = [event for event in some if event.message in ("", message)]
        return tuple(sorted((*filter(None, whole), *mine), key=lambda event: event.seq))


def stage_of(command: str) -> str:
    """Return the SMTP stage a command belongs to; content and its chunks belong to DATA, others to none."""
    stage = _STAGES.get(command.split(" ", 1)[0].upper(), "")
    return DATA if command.startswith("<") and not stage else stage


def connections(events: Iterable[Event]) -> dict[str, Connection]:
    """Return every connection by its session's name, in the order they were opened."""
    grouped: dict[str, list[Event]] = {}
    for event in events:
        if event.session:
            grouped.setdefault(event.session, []).append(event)
    made = (_connection(name, together) for name, together in grouped.items())
    return {connection.session: connection for connection in made if connection is not None}


def _connection(session: str, events: list[Event]) -> Connection | None:
    """Put one connection together; None when the trace does not show how it began."""
    opened = next((event for event in events if isinstance(event.what, Connected | NotConnected)), None)
    if opened is None:
        return None
    secured = [event for event in events if isinstance(event.what, Secured)]
    client_tls = next(
        (each for each in secured if isinstance(each.what, Secured) and each.what.end == "client"), None
    )
    answered = opened.what if isinstance(opened.what, Connected) else None
    exchanges = tuple(event for event in events if isinstance(event.what, Exchanged))
    return Connection(
        session=session,
        opened=opened,
        client=answered.client if answered else opened.mta,
        server=opened.mta if answered else "",
        host=_host(opened, events),
        address=_address(opened),
        peer_ip=answered.peer_ip if answered else None,
        connector=answered.connector if answered else "",
        client_tls=client_tls,
        server_tls=next((each for each in secured if each is not client_tls), None),
        not_secured=_first(events, NotSecured),
        attributed=tuple(event for event in events if isinstance(event.what, Attributed)),
        exchanges=exchanges,
        about=_by_message(exchanges),
        hindered=tuple(event for event in events if isinstance(event.what, Hindered)),
        closed=_first(events, Closed),
    )


def _by_message(exchanges: tuple[Event, ...]) -> dict[str, tuple[Event, ...]]:
    grouped: dict[str, list[Event]] = {}
    for event in exchanges:
        if event.message:
            grouped.setdefault(event.message, []).append(event)
    return {message: tuple(together) for message, together in grouped.items()}


def _first(events: list[Event], kind: type) -> Event | None:
    return next((event for event in events if isinstance(event.what, kind)), None)


def _host(opened: Event, events: list[Event]) -> str:
    """Return the name the client used; only its own events tell it."""
    for event in events:
        own = isinstance(event.what, NotConnected | NotSecured)
        if own or (isinstance(event.what, Secured) and event.what.end == "client"):
            return str(getattr(event.what, "host", ""))
    return opened.mta if isinstance(opened.what, Connected) else str(_address(opened))


def _address(opened: Event) -> IPv4Address:
    what = opened.what
    if isinstance(what, Connected):
        return what.local_ip
    if isinstance(what, NotConnected):
        return what.address
    raise TypeError(f"{what} opens no connection")
