"""The questions of ``mta.kind`` answered for Exchange Server."""

from __future__ import annotations

from mailsim.mail.address import show_path
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message, header_field
from mailsim.mail.reply import Reply
from mailsim.mail.sasl import Claim
from mailsim.mta.exchange_server import certificate_assumptions, headers, replies
from mailsim.mta.exchange_server.categorize import categorizer, recipient_assumptions
from mailsim.mta.exchange_server.receive import ehlo, receive_assumptions, stages, submission
from mailsim.mta.exchange_server.send import next_hop, send_assumptions, sending
from mailsim.mta.kind import (
    Acceptance,
    Categorized,
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
from mailsim.mta.relaying.nexthop import NEXT_HOP
from mailsim.mta.remote_domains import OWN_DOMAINS
from mailsim.reason.decision import Decision
from mailsim.world.facts import SessionFacts


class ExchangeServer:
    """An Exchange server on-premises, with the Mailbox or the Edge Transport role."""

    name = "exchange_server"
    words: Words = replies.WORDS
    failure_is = "bounced"
    assumptions = (
        *receive_assumptions.EVERY,
        *certificate_assumptions.EVERY,
        *recipient_assumptions.RESOLVING,
        *send_assumptions.EVERY,
        OWN_DOMAINS,
        *NEXT_HOP,
    )

    def on_connect(self, at: PointOfView, facts: SessionFacts) -> Greeting:
        return stages.greet(at, facts)

    def size_limit(self, at: PointOfView, session: Session) -> int | None:
        return stages.size_limit(at, session)

    def on_ehlo(self, at: PointOfView, session: Session) -> Decision[Reply]:
        return ehlo.answer_ehlo(at, session)

    def on_starttls(self, at: PointOfView, session: Session) -> ServerTls | None:
        return ehlo.tls_for(at, session)

    def mechanisms(self, _at: PointOfView, session: Session) -> tuple[str, ...]:
        return submission.mechanisms(session)

    def on_auth(self, at: PointOfView, session: Session, claim: Claim) -> Decision[Reply | None]:
        return submission.judge_logon(at, session, claim)

    def on_mail(self, at: PointOfView, session: Session, mail: Mail) -> Decision[Reply | None]:
        return stages.judge_sender(at, session, mail)

    def on_rcpt(
        self, at: PointOfView, session: Session, envelope: Envelope, rcpt: Rcpt
    ) -> Decision[Reply | None]:
        return stages.judge_recipient(at, session, envelope, rcpt)

    def on_data(
        self, at: PointOfView, session: Session, envelope: Envelope, message: Message, name: str
    ) -> Acceptance:
        return stages.take(at, session, envelope, message, name)

    def submit(self, at: PointOfView, envelope: Envelope, message: Message, name: str) -> Item:
        stamped = headers.submit(at, message, name)
        context = stages.Trust(internal=True)
        return Item(name=name, envelope=envelope, message=stamped, arrived=at.now, context=context)

    def categorize(self, at: PointOfView, item: Item) -> Categorized:
        return categorizer.categorize(at, item)

    def targets(self, at: PointOfView, relay: Relay) -> Decision[Targets]:
        return next_hop.targets(at, relay)

    def on_offer(self, at: PointOfView, relay: Relay, offer: Offer) -> Decision[Reply | None]:
        return sending.judge(at, relay, offer)

    def on_no_route(self, at: PointOfView, relay: Relay, problem: RouteProblem) -> Reply:
        return next_hop.word_no_route(at, relay, problem)

    def on_unreachable(self, at: PointOfView, target: Target, cause: str) -> Reply:
        return next_hop.word_unreachable(at, target, cause)

    def after(self, at: PointOfView, item: Item, waiting: Waiting) -> Next:
        return sending.after(at, item, waiting)

    def report(
        self, at: PointOfView, item: Item, notices: tuple[Notice, ...], name: str, action: Action
    ) -> Decision[Item | None]:
        return sending.report(at, item, notices, name, action)

    def deliver(self, _at: PointOfView, item: Item, message: Message) -> Message:
        return message.with_top(header_field("Return-Path", show_path(item.envelope.reverse_path)))
