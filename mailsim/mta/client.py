"""A host that only speaks SMTP as a client: a printer, an application, a stranger.

It keeps what is refused, tries once, sends opportunistic TLS with its certificate where it has one, and connects to
the host it was told.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message
from mailsim.mail.reply import Reply, reply
from mailsim.mail.sasl import Claim
from mailsim.mta.generic import replies
from mailsim.mta.generic.send import (
    FAILED_HANDSHAKE,
    OPPORTUNISTIC_TLS,
    REVOCATION,
    fall_back,
    look_at_next_hop,
    word_tls_problem,
    word_unreachable,
)
from mailsim.mta.kind import (
    Acceptance,
    Categorized,
    Copy,
    Greeting,
    Item,
    Next,
    Notice,
    Offer,
    PointOfView,
    Relay,
    RouteProblem,
    ServerTls,
    Session,
    Target,
    Targets,
    Waiting,
    Words,
)
from mailsim.mta.relaying.nexthop import NEXT_HOP, choose_targets
from mailsim.mta.relaying.offer import judge_offer
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy
from mailsim.reason.check import check
from mailsim.reason.cite import assumed, rfc
from mailsim.reason.decision import Decision
from mailsim.world.facts import SessionFacts

AS_TOLD = rfc(5321, "2.3.3")
NO_QUEUE = assumed("client-host", "a device or application keeps no queue and tries once")


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """What a client host does with its mail.

    Args:
        server: the host or address literal it connects to.
        tls: what it demands of the session.
        port: where it connects.
        login: whom it signs in as, None as nobody.
    """

    server: str
    tls: TlsDemand = TlsDemand.OPPORTUNISTIC
    port: int = 25
    login: Claim | None = None


class ClientHost:
    """A host that hands over mail and never receives any."""

    name = "client"
    words: Words = replies.WORDS
    failure_is = "refused"
    assumptions = (*NEXT_HOP, REVOCATION, FAILED_HANDSHAKE)

    def on_connect(self, _at: PointOfView, _facts: SessionFacts) -> Greeting:
        return Greeting(Decision("connection", reply(521, "5.3.2", "Host does not accept mail"), ()))

    def size_limit(self, _at: PointOfView, _session: Session) -> int | None:
        return None

    def on_ehlo(self, _at: PointOfView, _session: Session) -> Decision[Reply]:
        return Decision("EHLO", self.words.bad_sequence, ())

    def on_starttls(self, _at: PointOfView, _session: Session) -> ServerTls | None:
        return None

    def mechanisms(self, _at: PointOfView, _session: Session) -> tuple[str, ...]:
        return ()

    def on_auth(self, _at: PointOfView, _session: Session, _claim: Claim) -> Decision[Reply | None]:
        return Decision("AUTH", self.words.auth_unknown, ())

    def on_mail(self, _at: PointOfView, _session: Session, _mail: Mail) -> Decision[Reply | None]:
        return Decision("MAIL", self.words.bad_sequence, ())

    def on_rcpt(
        self, _at: PointOfView, _session: Session, _envelope: Envelope, _rcpt: Rcpt
    ) -> Decision[Reply | None]:
        return Decision("RCPT", self.words.bad_sequence, ())

    def on_data(
        self, _at: PointOfView, _session: Session, _envelope: Envelope, _message: Message, _name: str
    ) -> Acceptance:
        return Acceptance(Decision("DATA", self.words.bad_sequence, ()), None)

    def submit(self, at: PointOfView, envelope: Envelope, message: Message, name: str) -> Item:
        return Item(name=name, envelope=envelope, message=message, arrived=at.now)

    def categorize(self, at: PointOfView, item: Item) -> Categorized:
        config: ClientConfig = at.mta.config
        relay = Relay(
            via="as told",
            smart_hosts=(config.server,),
            tls=TlsPolicy(config.tls, "", f"tls {config.tls.name.lower()}"),
            certificate=at.certificate,
            helo=at.mta.fqdn,
            source=at.mta.addresses[0],
            port=config.port,
            login=config.login,
            messages_per_connection=100,
        )
        why = check(True, "server", saw=config.server, cite=AS_TOLD)
        return Categorized((Copy(envelope=item.envelope, message=item.message, fate=relay, because=why),))

    def targets(self, at: PointOfView, relay: Relay) -> Decision[Targets]:
        return choose_targets(at, relay, avoid_self=False)

    def on_offer(self, at: PointOfView, relay: Relay, offer: Offer) -> Decision[Reply | None]:
        return judge_offer(
            at,
            relay,
            offer,
            word_tls_problem,
            cite=OPPORTUNISTIC_TLS,
            diligence=look_at_next_hop(at),
            fallback=fall_back(at),
        )

    def on_no_route(self, _at: PointOfView, _relay: Relay, problem: RouteProblem) -> Reply:
        return replies.NO_ROUTE[problem]

    def on_unreachable(self, _at: PointOfView, target: Target, cause: str) -> Reply:
        return word_unreachable(target, cause)

    def after(self, at: PointOfView, _item: Item, waiting: Waiting) -> Next:
        once = check(False, "a client host tries once", saw=str(waiting.last_error), cite=NO_QUEUE)
        return Next(at.now, waiting.last_error, once)

    def report(
        self, _at: PointOfView, _item: Item, _notices: tuple[Notice, ...], _name: str, _action: Action
    ) -> Decision[Item | None]:
        return Decision("report", None, (), "whoever runs it sees the answer")

    def deliver(self, _at: PointOfView, _item: Item, message: Message) -> Message:
        return message


KIND = ClientHost()
