"""The events of a run.

Vendors return decisions; ``flow`` turns them into these, the same in both drivers. An event says when (simulated),
where (MTA), about which message and in which session something happened, what it was, and why.

Nothing here is a fingerprint, a port of the machine or a wall-clock time: two runs of one scenario give equal
events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address
from typing import TypeAlias

from mailsim.mail.address import Mailbox, ReversePath
from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.reason.decision import Reason
from mailsim.world.certificate import PresentedCertificate


@dataclass(frozen=True, slots=True)
class Submitted:
    """A message entered the simulation: handed in by a mailbox, or about to be sent by a client host."""

    envelope: Envelope
    size: int
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A server answered a new connection. ``connector`` is the Receive connector, empty where there is none."""

    client: str
    peer_ip: IPv4Address
    local_ip: IPv4Address
    port: int
    connector: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class NotConnected:
    """A connection could not be made."""

    host: str
    address: IPv4Address
    port: int
    cause: str


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One command and its reply, as they crossed the wire. Content is given by its size."""

    command: str
    reply: Reply


class TlsVerdict:
    """What a sending MTA made of the certificate it saw, in words."""

    NONE = "none"
    ENCRYPTED = "encrypted"
    VERIFIED = "verified"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Secured:
    """One end's view of a finished handshake.

    Args:
        end: ``client`` or ``server``.
        version: such as ``TLS1_3``.
        peer: the certificate the other end presented.
        verdict: a word of ``TlsVerdict``; for the server's end ``encrypted``, its trust is the vendor's matter.
        host: the name by which the client reached the server.
    """

    end: str
    version: str
    peer: PresentedCertificate | None
    verdict: str
    host: str


@dataclass(frozen=True, slots=True)
class NotSecured:
    """The session stays without the TLS that was wanted or tried."""

    host: str
    cause: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A connection ended; ``cause`` is empty after QUIT."""

    cause: str


@dataclass(frozen=True, slots=True)
class Attributed:
    """A receiving service decided whose mail this is and by which connector it came."""

    owner: str
    connector: str
    direction: str


@dataclass(frozen=True, slots=True)
class Received:
    """An MTA took a message over."""

    envelope: Envelope
    reply: Reply
    size: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """A recipient became another address."""

    before: Mailbox
    after: Mailbox
    kind: str


@dataclass(frozen=True, slots=True)
class RuleRan:
    """A transport rule applied to recipients."""

    rule: str
    action: str
    recipients: tuple[Mailbox, ...]


@dataclass(frozen=True, slots=True)
class Forked:
    """A message became several copies; each name goes on by itself."""

    copies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Routed:
    """Recipients got a next hop, by a connector or by MX."""

    recipients: tuple[Mailbox, ...]
    via: str
    next_hop: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The next MTA accepted the message for these recipients."""

    recipients: tuple[Mailbox, ...]
    to: str
    via: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Delivered:
    """A copy lies in a mailbox."""

    recipient: Mailbox
    reverse_path: ReversePath
    message: Message = field(hash=False)


@dataclass(frozen=True, slots=True)
class Deferred:
    """Recipients wait in a queue for another attempt."""

    recipients: tuple[Mailbox, ...]
    queue: str
    via: str
    last_error: Reply
    until: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """Recipients were given up. ``remote`` is the host that refused, empty for local causes."""

    recipients: tuple[Mailbox, ...]
    reply: Reply
    remote: str
    stage: str
    disposition: str


@dataclass(frozen=True, slots=True)
class Notified:
    """A notification about failed recipients was made; it travels under its own name."""

    report: str
    to: Mailbox
    about: tuple[Mailbox, ...]
    action: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Withheld:
    """A notification was not made, and nobody is told of these recipients."""

    to: ReversePath
    about: tuple[Mailbox, ...]
    action: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Recipients end here and nobody is told."""

    recipients: tuple[Mailbox, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Hindered:
    """A fault of the scenario struck.

    Args:
        fault: what it is and whom it is about.
        place: ``file:line`` in the scenario; empty where nobody wrote it.
        consequence: what only those know who see both ends; mostly nothing.
    """

    fault: str
    place: str
    consequence: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """The world became different, as the scenario says; it happens at no MTA."""

    text: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """A bug in mailsim; the run fails. Never an SMTP verdict."""

    text: str


What: TypeAlias = (
    Submitted
    | Connected
    | NotConnected
    | Exchanged
    | Secured
    | NotSecured
    | Closed
    | Attributed
    | Received
    | Resolved
    | RuleRan
    | Forked
    | Routed
    | Sent
    | Delivered
    | Deferred
    | Failed
    | Notified
    | Withheld
    | Dropped
    | Hindered
    | Changed
    | Crashed
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened.

    Args:
        seq: its number in the log, from 1.
        at: simulated time, UTC.
        mta: the MTA at which it happened.
        message: the stable name of the message; empty for what concerns a whole session.
        session: the stable name of the session; empty outside one.
        what: the fact.
        because: why, where something was decided.
    """

    seq: int
    at: datetime
    mta: str
    message: str
    session: str
    what: What
    because: Reason | None = None
