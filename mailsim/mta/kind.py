"""The questions every kind of MTA answers, and the words of the answers.

Kinds are stateless: what a decision needs is passed in, and the answer carries its reasons. The receiving stages
are asked by ``flow.session``; ``categorize``, ``on_offer`` and ``after`` by ``flow.pipeline``. Vendors share these
questions; they do not share a configuration model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address
from typing import Any, Protocol, TypeAlias

from mailsim.mail.address import Mailbox
from mailsim.mail.capability import Capabilities
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply
from mailsim.mail.sasl import Claim
from mailsim.mta.history import History
from mailsim.mta.relaying.published import NOTHING_PUBLISHED, Asks, Published
from mailsim.mta.relaying.tls_policy import TlsPolicy
from mailsim.mta.resolver import NEGATIVE_TTL, PATIENCE, DnsCache, Resolver
from mailsim.pki import Pki
from mailsim.reason.assumption import Assumption
from mailsim.reason.decision import Decision, Reason
from mailsim.sender_authentication.mta_sts import CachedPolicy
from mailsim.world.facts import SessionFacts, TlsFacts
from mailsim.world.tls_version import NoCommonVersion, TlsVersions
from mailsim.world.topology import Mta, Topology


@dataclass(frozen=True, slots=True)
class PointOfView:
    """Where and when a decision is made: all that it may depend on besides the mail.

    Args:
        world: the topology.
        pki: keys, certificates and path validation.
        mta: the MTA that decides.
        now: the simulated instant, UTC.
        history: what this MTA remembers of earlier transactions.
        cache: the answers of the DNS that this MTA still has.
        policies: the MTA-STS policies that it has fetched, by domain.
    """

    world: Topology
    pki: Pki
    mta: Mta
    now: datetime
    history: History = field(default_factory=History, compare=False)
    cache: DnsCache = field(default_factory=DnsCache, compare=False)
    policies: dict[str, CachedPolicy] = field(default_factory=dict, compare=False)

    @property
    def dns(self) -> Resolver:
        """Return what asks the DNS for this MTA from now on; ask all of one decision at the same one."""
        return self.resolver()

    def resolver(self, *, validates: bool = False) -> Resolver:
        """Return what asks the DNS, by DNSSEC where it validates."""
        return Resolver(
            self.world,
            self.mta.id,
            self.now,
            self.cache,
            negative_ttl=self.assumed(NEGATIVE_TTL),
            patience=self.assumed(PATIENCE),
            validates=validates,
        )

    @property
    def certificate(self) -> str | None:
        """Return the name of the certificate this MTA uses now."""
        return self.world.certificate_of(self.mta, self.now)

    def assumed(self, assumption: Assumption) -> str:
        """Return how an open point is decided here: as the scenario says, else by the best guess."""
        return self.world.assumed(assumption)


@dataclass(frozen=True, slots=True)
class Session:
    """An SMTP session as a vendor sees it.

    Args:
        facts: what is known about the peer by now.
        receiving: what the vendor chose when the session was opened, such as a Receive connector.
    """

    facts: SessionFacts
    receiving: Any


@dataclass(frozen=True, slots=True)
class Greeting:
    """The answer to a new connection.

    Args:
        reply: a decision whose value is the banner, or a refusal after which the connection is closed.
        receiving: kept by the session and handed back with every question.
        connector: the name of the connector chosen, empty where the vendor has none.
        protocol_errors: how many commands out of order or grammar are borne; None bears any number.
    """

    reply: Decision[Reply]
    receiving: Any = None
    connector: str = ""
    protocol_errors: int | None = None


@dataclass(frozen=True, slots=True)
class ServerTls:
    """How a server enters TLS: the certificate it shows, whether it asks for the client's, the versions it speaks."""

    certificate: str
    ask_client: bool
    versions: TlsVersions


@dataclass(frozen=True, slots=True)
class Words:
    """What a session answers by itself, and what a sender says of its next hop, in the product's words.

    Those with a default are those for which a product's own are not known. ``bare_linefeeds`` says that content with bare LFs
    goes by BDAT alone, and how it fails without; None puts line ends right.
    """

    bad_sequence: Reply
    need_mail: Reply
    need_rcpt: Reply
    malformed: Reply
    bad_path: Reply
    bad_helo: Reply
    unknown: Reply
    overlong: Reply
    parameter: Reply
    ready_for_tls: Reply
    start_content: Reply
    chunk_taken: Reply
    reset: Reply
    noop: Reply
    quit: Reply
    vrfy: Reply
    help: Reply
    sender_ok: Reply
    recipient_ok: Reply
    authenticated: Reply = Reply(235, "2.7.0", ("Authentication successful",))
    auth_unknown: Reply = Reply(504, "5.7.4", ("Unrecognized authentication type",))
    auth_cancelled: Reply = Reply(501, "5.7.0", ("Authentication cancelled",))
    auth_malformed: Reply = Reply(501, "5.5.2", ("Cannot decode the response",))
    auth_overlong: Reply = Reply(500, "5.5.6", ("Authentication exchange line is too long",))  # rfc4954:4
    needs_smtputf8: Reply = Reply(553, "5.6.7", ("The address needs SMTPUTF8",))  # rfc6531:3.5
    too_large: Reply = Reply(
        552, "5.3.4", ("Message size exceeds fixed maximum message size",)
    )  # rfc1870:6.3
    header_too_large: Reply = Reply(552, "5.3.4", ("Message header is too large",))  # rfc5321:4.5.3.1.9
    in_chunks: Reply = Reply(503, "5.5.1", ("The message is being sent by BDAT",))  # rfc3030:2
    binary: Reply = Reply(503, "5.5.1", ("A message with BODY=BINARYMIME is sent by BDAT",))  # rfc3030:3
    busy: Reply = Reply(421, "4.3.2", ("Too many connections",))  # rfc5321:3.8
    starved: Reply = Reply(452, "4.3.1", ("Insufficient system resources",))  # rfc5321:4.2.3
    silent: Reply = Reply(421, "4.4.2", ("Timeout exceeded",))  # rfc5321:4.5.3.2.7
    no_smtputf8: Reply = Reply(
        553, "5.6.7", ("The address needs SMTPUTF8, which the next hop does not offer",)
    )  # rfc6531:3.5
    no_8bit: Reply = Reply(
        554, "5.6.3", ("The message needs 8BITMIME, which the next hop does not offer",)
    )  # rfc6152:3
    no_binary: Reply = Reply(
        554, "5.6.3", ("The message needs BINARYMIME, which the next hop does not offer",)
    )  # rfc3030:3
    bare_linefeeds: Reply | None = None
    http: Reply = Reply(221, "2.7.0", ("This is no web server",), closes=True)
    too_many_errors: Reply = Reply(
        421, "4.7.0", ("Too many errors on this connection, closing transmission channel",)
    )
    bug: Reply = Reply(421, "4.3.0", ("Internal error of the simulator",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A message in the spool of one MTA.

    Args:
        name: its stable name, such as ``m1`` or ``m1.2``.
        envelope: as accepted or handed in.
        message: as it stands in the spool.
        arrived: when this MTA took it, UTC.
        facts: the session it came by; None when a mailbox of this MTA handed it in.
        context: the vendor's own judgement of where it came from.
        report: whether this MTA made it to report about another message.
    """

    name: str
    envelope: Envelope
    message: Message
    arrived: datetime
    facts: SessionFacts | None = None
    context: Any = None
    report: bool = False


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose mail a message is, for a service with many tenants.

    Args:
        owner: the tenant.
        connector: the inbound connector by which it came, empty for none.
        direction: ``Originating`` or ``Incoming``.
    """

    owner: str
    connector: str
    direction: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The answer to the end of a message: a reply, and the item where it was accepted.

    ``attributed`` says whose mail it is, one decision for each owner; empty where the vendor has no tenants.
    """

    reply: Decision[Reply]
    item: Item | None
    attributed: tuple[Decision[Attribution], ...] = ()


@dataclass(frozen=True, slots=True)
class Deliver:
    """The copy ends here, in a mailbox."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The copy goes on to another MTA.

    Args:
        via: the connector's name, or ``MX`` where none was used.
        domain: the recipient domain when MX records lead the way; empty with smart hosts.
        smart_hosts: names or literals, in configured order; empty when MX records lead the way.
        tls: what the session must be.
        certificate: the certificate to present when asked; None presents none.
        helo: the name given in EHLO.
        login: whom to sign in as at the next hop; None signs in as nobody.
        port: of the next hop.
        source: the modelled address it leaves from.
        messages_per_connection: after so many messages a new connection is opened.
        queue: the next hop domain as a queue shows it, where it is neither the domain nor the smart hosts.
        says_helo: whether HELO is said instead of EHLO.
        asks: whether what the next hop's domain publishes about TLS is asked for.
    """

    via: str
    domain: str = ""
    smart_hosts: tuple[str, ...] = ()
    tls: TlsPolicy
    certificate: str | None
    helo: str
    source: IPv4Address
    login: Claim | None = None
    port: int = 25
    messages_per_connection: int = 20
    queue: str = ""
    says_helo: bool = False
    asks: Asks = Asks()

    @property
    def next_hop(self) -> str:
        """Return the next hop domain as a queue shows it: its name, the domain, or the smart hosts."""
        return self.queue or self.domain or ",".join(self.smart_hosts)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The copy cannot go on: its recipients fail with this reply, and the sender is told."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Drop:
    """The copy ends here and nobody is told."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The copy waits where nothing will fetch it, until it expires or the configuration changes.

    Args:
        queue: the queue's name, such as ``Unreachable``.
        last_error: why it waits.
        expires: when it is given up, UTC.
        expired: the reply with which it is given up.
        warn_at: when the sender is told that it waits, UTC; None never.
    """

    queue: str
    last_error: Reply
    expires: datetime
    expired: Reply
    warn_at: datetime | None = None


Fate: TypeAlias = Deliver | Relay | Refuse | Drop | Hold


class RouteProblem(Enum):
    """Why a next hop leads nowhere; from ``DNS_FAILED`` on it is for now, another try may find it."""

    NO_SUCH_DOMAIN = "the domain does not exist"
    NO_ADDRESS = "no host of it has an address"
    NULL_MX = "the domain accepts no mail (null MX)"
    BACK_HERE = "its best MX is this host itself"
    DNS_FAILED = "the DNS does not answer"
    BOGUS = "DNSSEC proves the answer of the DNS wrong"
    NOT_IN_POLICY = "none of its hosts is in its MTA-STS policy"
    NO_TLSA = "none of its hosts has TLSA records secured by DNSSEC, which are demanded"

    @property
    def published(self) -> bool:
        """Whether it comes of what a domain publishes about its TLS, which not every kind of MTA asks for."""
        return self in (RouteProblem.BOGUS, RouteProblem.NOT_IN_POLICY, RouteProblem.NO_TLSA)


@dataclass(frozen=True, slots=True)
class Target:
    """One address to try.

    Args:
        host: the name it was found by; a literal stays as written.
        address: the modelled address.
        port: always 25 between MTAs.
        published: what is known to be published about its TLS.
    """

    host: str
    address: IPv4Address
    port: int = 25
    published: Published = NOTHING_PUBLISHED


@dataclass(frozen=True, slots=True)
class Targets:
    """The addresses to try in order, or why there are none.

    Args:
        found: in the order in which they are tried.
        problem: why there are none.
        took: how long the look-ups took; before that nothing can be tried.
    """

    found: tuple[Target, ...]
    problem: RouteProblem | None = None
    took: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Resolved:
    """A recipient became another address on the way through an MTA."""

    before: Mailbox
    after: Mailbox
    kind: str


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """A transport rule that applied to recipients."""

    rule: str
    action: str
    recipients: tuple[Mailbox, ...]
    because: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy of an item with one fate.

    Args:
        envelope: its reverse-path, and its share of the recipients as they are now addressed.
        message: the content as it leaves or is delivered.
        fate: how it goes on.
        because: why.
    """

    envelope: Envelope
    message: Message
    fate: Fate
    because: Reason

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Return its share of the recipients."""
        return self.envelope.recipients


@dataclass(frozen=True, slots=True)
class Categorized:
    """What became of an item: its copies, and what happened on the way to them."""

    copies: tuple[Copy, ...]
    resolved: tuple[Resolved, ...] = ()
    rules: tuple[RuleOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What the sending side sees of the next hop before it hands over mail.

    Args:
        host: the name it was reached by.
        capabilities: what EHLO was answered with.
        tls: what the handshake showed; None before it.
        tls_failed: why the handshake failed; empty when it did not.
        address: where it was reached; None where that does not matter.
        mismatch: the versions of TLS that both sides speak, where the handshake failed by them.
        published: what is published about the host's TLS.
    """

    host: str
    capabilities: Capabilities
    tls: TlsFacts | None = None
    tls_failed: str = ""
    address: IPv4Address | None = None
    mismatch: NoCommonVersion | None = None
    published: Published = NOTHING_PUBLISHED


@dataclass(frozen=True, slots=True)
class LastTry:
    """The last attempt to deliver a copy that was then given up.

    Args:
        at: when, UTC.
        error: how it failed.
        host: the host tried last; the next hop where there was none.
        address: of that host, None where there was none.
    """

    at: datetime
    error: Reply
    host: str
    address: IPv4Address | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What an MTA has to tell about one recipient.

    Args:
        recipient: as addressed.
        reply: the reply that stands for it.
        remote: the host that gave it, empty when this MTA did.
        stage: the SMTP stage at which it was given, empty for local causes.
        because: why, as far as this MTA knows.
        address: the address of the host tried last, None for local causes.
        until: when a recipient that waits is given up, UTC; None for all others.
        last_try: the last attempt for a recipient that has expired; None for all others.
    """

    recipient: Recipient
    reply: Reply
    remote: str
    stage: str = ""
    because: Reason | None = None
    address: IPv4Address | None = None
    until: datetime | None = None
    last_try: LastTry | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a queue knows of a copy that has not got through yet.

    Args:
        attempts: how many have failed so far.
        last_error: the reply that stands for the last failure.
        refused: whether the next hop gave it about this copy, rather than that nobody could be asked.
    """

    attempts: int
    last_error: Reply
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """What to do about recipients that did not get through for now.

    Args:
        due: when the copy is looked at again, UTC.
        expired: the reply with which it is given up then; None when it is tried again.
        because: why.
        expires: when it is given up at the latest, UTC; None where it is not tried again.
        warn_at: when the sender is told that it waits, UTC; None never.
    """

    due: datetime
    expired: Reply | None
    because: Reason
    expires: datetime | None = None
    warn_at: datetime | None = None


class MtaKind(Protocol):
    """One kind of MTA. Implementations are stateless and pure.

    ``failure_is`` is the disposition of recipients that fail here: ``bounced`` for an MTA, which owes its sender a
    report; ``refused`` for a client host, which still has the message. ``assumptions`` are the open points that a
    scenario may decide.
    """

    name: str
    words: Words
    failure_is: str
    assumptions: tuple[Assumption, ...]

    def on_connect(self, at: PointOfView, facts: SessionFacts) -> Greeting:
        """Answer a new connection."""

    def size_limit(self, at: PointOfView, session: Session) -> int | None:
        """Return the octets from which on ``on_data`` refuses any message, None where there are none.

        What comes beyond is not kept.
        """

    def on_ehlo(self, at: PointOfView, session: Session) -> Decision[Reply]:
        """Answer EHLO or HELO; the name is in the facts already."""

    def on_starttls(self, at: PointOfView, session: Session) -> ServerTls | None:
        """Say how to enter TLS; None when STARTTLS is not offered."""

    def mechanisms(self, at: PointOfView, session: Session) -> tuple[str, ...]:
        """Return the AUTH mechanisms that are offered now."""

    def on_auth(self, at: PointOfView, session: Session, claim: Claim) -> Decision[Reply | None]:
        """Judge who somebody says he is; None signs him in."""

    def on_mail(self, at: PointOfView, session: Session, mail: Mail) -> Decision[Reply | None]:
        """Judge a sender; None accepts it with the usual words."""

    def on_rcpt(
        self, at: PointOfView, session: Session, envelope: Envelope, rcpt: Rcpt
    ) -> Decision[Reply | None]:
        """Judge a recipient; None accepts it with the usual words."""

    def on_data(
        self, at: PointOfView, session: Session, envelope: Envelope, message: Message, name: str
    ) -> Acceptance:
        """Judge a whole message and take it over."""

    def submit(self, at: PointOfView, envelope: Envelope, message: Message, name: str) -> Item:
        """Take a message from one of this MTA's own mailboxes."""

    def categorize(self, at: PointOfView, item: Item) -> Categorized:
        """Resolve, apply rules and route: turn an item into copies with fates."""

    def targets(self, at: PointOfView, relay: Relay) -> Decision[Targets]:
        """Find the addresses a route leads to now."""

    def on_offer(self, at: PointOfView, relay: Relay, offer: Offer) -> Decision[Reply | None]:
        """Judge the next hop's TLS; a reply is the last error with which the attempt fails."""

    def on_no_route(self, at: PointOfView, relay: Relay, problem: RouteProblem) -> Reply:
        """Word the failure of a next hop that leads nowhere."""

    def on_unreachable(self, at: PointOfView, target: Target, cause: str) -> Reply:
        """Word the last error of a connection that could not be made or broke."""

    def after(self, at: PointOfView, item: Item, waiting: Waiting) -> Next:
        """Say when to try again after a temporary failure, or that it is over."""

    def report(
        self, at: PointOfView, item: Item, notices: tuple[Notice, ...], name: str, action: Action
    ) -> Decision[Item | None]:
        """Make the notification that is due to the sender; None where a setting withholds it, or none is ever made."""

    def deliver(self, at: PointOfView, item: Item, message: Message) -> Message:
        """Return the content as it lies in the mailbox."""
