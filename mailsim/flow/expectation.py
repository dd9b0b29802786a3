"""What a scenario may expect of a message: the words of its ``expect:`` section.

One dataclass a word, bound from the scenario's text by its field names; ``Expectations`` holds those about one
message. Judged by ``flow.judge``. Hosts are written as the scenario calls them, recipients as they were addressed
or as they ended. Field metadata ``refers`` says what a name must name; ``flow.references`` lists those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import Enum
from ipaddress import IPv4Address
from typing import Any, ClassVar, Literal, TypeAlias

from mailsim.mail.address import Mailbox
from mailsim.mail.dsn import Action
from mailsim.reason.cite import Grade
from mailsim.trace.connection import AUTH, CONNECT, DATA, EHLO, MAIL, RCPT, STARTTLS
from mailsim.trace.hop import Disposition
from mailsim.world.source import Origin
from mailsim.world.tls_version import TlsVersion

HOST, RECIPIENT, CERTIFICATE, CONNECTOR = "host", "recipient", "certificate", "connector"


class Stage(Enum):
    """Where in a session a reply is given; DATA covers the reply to the content too."""

    CONNECT = CONNECT
    EHLO = EHLO
    STARTTLS = STARTTLS
    AUTH = AUTH
    MAIL = MAIL
    RCPT = RCPT
    DATA = DATA


class Tls(Enum):
    """What the sending MTA made of a session."""

    NONE = "none"
    ENCRYPTED = "encrypted"
    VERIFIED = "verified"


def _host() -> Any:
    return field(default="", metadata={"refers": HOST})


def _recipient() -> Any:
    return field(default=None, metadata={"refers": RECIPIENT})


def _origin() -> Any:
    return field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFrom:
    """Where an expectation is known from: the source that says what the real system answers.

    Args:
        key: the source's key, as in ``docs/sources``.
        at: the place in it.
        grade: how good the evidence is.
    """

    key: str
    at: str = ""
    grade: Grade = Grade.DOCUMENTED


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredTo:
    """The message lies in a mailbox.

    Args:
        to: the recipient; None means every recipient.
        at: the MTA that has the mailbox.
        hops: every MTA it passed, the first and the last included, in order.
        copies: how many copies lie there in all.
    """

    WORD: ClassVar = "delivered"

    to: Mailbox | None = _recipient()
    at: str = _host()
    hops: tuple[str, ...] = field(default=(), metadata={"refers": HOST})
    copies: int | None = None
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDeliveredTo:
    """The message lies in no mailbox of this recipient; ``to`` None means of none."""

    WORD: ClassVar = "not_delivered"

    to: Mailbox | None = _recipient()
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedBy:
    """A host answered with a refusal, temporary or final.

    Args:
        by: the host that gave the reply.
        to: the recipient it was about; a reply at another stage than RCPT is about all.
        stage: where in the session.
        code: the three digits.
        enhanced: the enhanced status code.
        text: a part of the text, in any case.
    """

    WORD: ClassVar = "rejected"

    by: str = field(metadata={"refers": HOST})
    to: Mailbox | None = _recipient()
    stage: Stage | None = None
    code: int | None = None
    enhanced: str = ""
    text: str = ""
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedAt:
    """The message waits in a queue at a given time.

    Args:
        at: time after the start of the scenario; None means when the run ended.
        host: the MTA that holds it.
        to: the recipient; None means any.
        last_error: a part of the error it waits for, in any case.
    """

    WORD: ClassVar = "queued"

    at: timedelta | None = None
    host: str = _host()
    to: Mailbox | None = _recipient()
    last_error: str = ""
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedTo:
    """The sender was told of a failure.

    Args:
        to: who was told.
        by: the MTA that made the report.
        code: the enhanced status code it gives, such as 5.1.1, or the three digits.
        text: a part of its text, in any case.
        delivered: whether the report itself arrived; None does not ask.
    """

    WORD: ClassVar = "ndr"

    to: Mailbox | None = _recipient()
    by: str = _host()
    code: str = ""
    text: str = ""
    delivered: bool | None = None
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifiedOf:
    """The sender was told something else than a failure, or one of several things.

    Args:
        action: what has become of the recipients: delayed, delivered, relayed or failed.
        to: who was told.
        by: the MTA that made the report.
        text: a part of its text, in any case.
        delivered: whether the report itself arrived; None does not ask.
    """

    WORD: ClassVar = "dsn"

    action: Action
    to: Mailbox | None = _recipient()
    by: str = _host()
    text: str = ""
    delivered: bool | None = None
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReported:
    """Nobody was told of a failure; written ``ndr: none``."""

    WORD: ClassVar = "ndr"

    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderOf:
    """A header field of the message as it was delivered.

    Args:
        of: the recipient whose copy is looked at; None means every copy.
        name: the field, in any case.
        present: whether it is there.
        absent: whether it is not.
        equals: its whole value, unfolded.
        contains: a part of its value, in any case.
    """

    WORD: ClassVar = "header"

    name: str
    of: Mailbox | None = _recipient()
    present: bool | None = None
    absent: bool | None = None
    equals: str | None = None
    contains: str | None = None
    origin: Origin | None = _origin()

    def __post_init__(self) -> None:
        asked = (self.present, self.absent, self.equals, self.contains)
        if sum(each is not None for each in asked) != 1:
            raise ValueError("wanted one of present, absent, equals and contains")

    @property
    def unwanted(self) -> bool:
        """Whether the field must not be there."""
        return self.absent is True or self.present is False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderOrder:
    """Header fields that stand in this order, from top to bottom; others may stand between them."""

    WORD: ClassVar = "header_order"

    names: tuple[str, ...]
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeAt:
    """The envelope with which an MTA took the message over.

    Args:
        at: the MTA.
        reverse_path: an address, or ``<>``; None does not ask.
        recipients: all of them in any order; None does not ask.
    """

    WORD: ClassVar = "envelope"

    at: str = field(metadata={"refers": HOST})
    reverse_path: str | None = None
    recipients: tuple[Mailbox, ...] | None = None
    origin: Origin | None = _origin()

    def __post_init__(self) -> None:
        if self.reverse_path is None and self.recipients is None:
            raise ValueError("wanted reverse_path or recipients")
        if self.reverse_path not in (None, "<>"):
            Mailbox.parse(self.reverse_path.strip("<>"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsBetween:
    """The TLS of the session by which one MTA handed over to another.

    Args:
        sender: the MTA that connected; written ``from``.
        receiver: the MTA that answered; written ``to``.
        verdict: what the sending MTA made of it; written ``is``.
        version: the version of TLS that both ends used.
        client_certificate: the name of the certificate the sending MTA presented, or ``none``.
    """

    WORD: ClassVar = "tls"

    sender: str = field(metadata={"name": "from", "refers": HOST})
    receiver: str = field(metadata={"name": "to", "refers": HOST})
    verdict: Tls | None = field(default=None, metadata={"name": "is"})
    version: TlsVersion | None = None
    client_certificate: str = field(default="", metadata={"refers": CERTIFICATE})
    origin: Origin | None = _origin()

    def __post_init__(self) -> None:
        if self.verdict is None and self.version is None and not self.client_certificate:
            raise ValueError("wanted is, version or client_certificate")


@dataclass(frozen=True, slots=True, kw_only=True)
class EhloOf:
    """The extensions a host announced in a session of the message.

    Args:
        by: the host that answered EHLO.
        offers: keywords that stand there; one with its value, such as ``SIZE 37748736``, wants exactly that.
        lacks: keywords that do not.
        over_tls: whether the list after STARTTLS is meant; else the first one.
    """

    WORD: ClassVar = "ehlo"

    by: str = field(metadata={"refers": HOST})
    offers: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    over_tls: bool | None = None
    origin: Origin | None = _origin()

    def __post_init__(self) -> None:
        if not (self.offers or self.lacks):
            raise ValueError("wanted offers or lacks")


@dataclass(frozen=True, slots=True)
class ConnectorAt:
    """An MTA used a connector for the message: to receive it, to attribute it or to send it."""

    WORD: ClassVar = "connector"

    at: str = field(metadata={"refers": HOST})
    used: str = field(metadata={"refers": CONNECTOR})
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True)
class PeerAt:
    """The address an MTA saw the message come from."""

    WORD: ClassVar = "peer"

    at: str = field(metadata={"refers": HOST})
    address: IPv4Address
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True)
class Because:
    """The explanation of some decision about the message contains a text, in any case."""

    WORD: ClassVar = "because"

    text: str
    origin: Origin | None = _origin()


@dataclass(frozen=True, slots=True)
class DispositionOf:
    """How a recipient ended; ``to`` None means every recipient. ``disposition`` is written ``is``."""

    WORD: ClassVar = "disposition"

    disposition: Disposition = field(metadata={"name": "is"})
    to: Mailbox | None = _recipient()
    origin: Origin | None = _origin()


Expectation: TypeAlias = (
    DeliveredTo
    | NotDeliveredTo
    | RejectedBy
    | QueuedAt
    | ReportedTo
    | NotifiedOf
    | NotReported
    | HeaderOf
    | HeaderOrder
    | EnvelopeAt
    | TlsBetween
    | EhloOf
    | ConnectorAt
    | PeerAt
    | Because
    | DispositionOf
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """Everything expected of one message; each word takes one value or a list.

    ``source`` is no expectation: it says where they are known from.
    """

    delivered: tuple[DeliveredTo | Mailbox, ...] = ()
    not_delivered: tuple[NotDeliveredTo | Mailbox, ...] = ()
    rejected: tuple[RejectedBy, ...] = ()
    queued: tuple[QueuedAt, ...] = ()
    ndr: tuple[ReportedTo | Literal["none"], ...] = ()
    dsn: tuple[NotifiedOf, ...] = ()
    header: tuple[HeaderOf, ...] = ()
    header_order: tuple[str, ...] = ()
    envelope: tuple[EnvelopeAt, ...] = ()
    tls: tuple[TlsBetween, ...] = ()
    ehlo: tuple[EhloOf, ...] = ()
    connector: tuple[ConnectorAt, ...] = ()
    peer: tuple[PeerAt, ...] = ()
    because: tuple[str, ...] = ()
    disposition: tuple[DispositionOf, ...] = ()
    source: KnownFrom | None = None
    origin: Origin | None = _origin()

    def __post_init__(self) -> None:
        if not any(True for _ in self):
            raise ValueError("nothing is expected")
        if "none" in self.ndr and len(self.ndr) > 1:
            raise ValueError("ndr: none stands beside other reports")

    def __iter__(self) -> Iterator[Expectation]:
        """Yield every expectation, short forms written out."""
        for place in self.delivered:
            yield DeliveredTo(to=place, origin=self._at("delivered")) if isinstance(place, Mailbox) else place
        for none in self.not_delivered:
            yield (
                NotDeliveredTo(to=none, origin=self._at("not_delivered"))
                if isinstance(none, Mailbox)
                else none
            )
        yield from self.rejected
        yield from self.queued
        for report in self.ndr:
            yield report if isinstance(report, ReportedTo) else NotReported(origin=self._at("ndr"))
        yield from self.dsn
        yield from self.header
        if self.header_order:
            yield HeaderOrder(names=self.header_order, origin=self._at("header_order"))
        yield from self.envelope
        yield from self.tls
        yield from self.ehlo
        yield from self.connector
        yield from self.peer
        yield from (Because(text, self._at("because")) for text in self.because)
        yield from self.disposition

    def _at(self, word: str) -> Origin | None:
        """Return where a word is written."""
        if self.origin is None:
            return None
        return Origin(self.origin.file, *self.origin.place(word))


def show(expectation: Expectation) -> str:
    """Return an expectation in the scenario's own words, such as ``delivered: {to: ann@fabrikam.com}``."""
    match expectation:
        case NotReported():
            return "ndr: none"
        case HeaderOrder():
            return f"header_order: [{', '.join(expectation.names)}]"
        case Because():
            return f"because: {expectation.text!r}"
        case _:
            return f"{expectation.WORD}: {{{', '.join(_items(expectation))}}}"


def _items(expectation: Expectation) -> Iterator[str]:
    for each in fields(expectation):
        value = getattr(expectation, each.name)
        if each.name != "origin" and value not in (None, "", ()):
            yield f"{each.metadata.get('name', each.name)}: {_word(value)}"


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_word(each) for each in value)}]"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, timedelta):
        return f"+{value}"
    return str(value).lower() if isinstance(value, bool) else str(value)
