"""The questions of ``mta.kind`` answered for Exchange Online."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from mailsim.mail.address import ReversePath, show_path
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message, header_field
from mailsim.mail.reply import Reply
from mailsim.mail.sasl import Claim
from mailsim.mta.exchange_online import certificate_assumptions, headers, replies
from mailsim.mta.exchange_online.authentication import authentication_assumptions
from mailsim.mta.exchange_online.categorize import categorizer, recipient_assumptions, recipients
from mailsim.mta.exchange_online.config import ExchangeOnlineConfig
from mailsim.mta.exchange_online.peer_certificate import fall_back, look_at_next_hop
from mailsim.mta.exchange_online.receive import message_trace, receive_assumptions, stages, submission
from mailsim.mta.exchange_online.receive.attribution import Owners
from mailsim.mta.exchange_online.send import secured_offer, send_assumptions, sending
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
from mailsim.mta.relaying.offer import judge_offer
from mailsim.mta.remote_domains import OWN_DOMAINS
from mailsim.reason.decision import Decision
from mailsim.world.facts import SessionFacts


class ExchangeOnline:
    """Exchange Online with EOP, all tenants of it."""

    name = "exchange_online"
    words: Words = replies.WORDS
    failure_is = "bounced"
    assumptions = (
        *receive_assumptions.RECEIVING,
        *receive_assumptions.SUBMITTING,
        *authentication_assumptions.AUTHENTICATING,
        *send_assumptions.SENDING,
        *certificate_assumptions.EVERY,
        *recipient_assumptions.RESOLVING,
        OWN_DOMAINS,
        *NEXT_HOP,
    )

    def on_connect(self, at: PointOfView, _facts: SessionFacts) -> Greeting:
        return stages.greet(at)

    def size_limit(self, _at: PointOfView, _session: Session) -> int | None:
        return stages.size_limit()

    def on_ehlo(self, at: PointOfView, session: Session) -> Decision[Reply]:
        return stages.answer_ehlo(at, session)

    def on_starttls(self, at: PointOfView, session: Session) -> ServerTls | None:
        return stages.tls_for(at, session)

    def mechanisms(self, at: PointOfView, session: Session) -> tuple[str, ...]:
        return submission.mechanisms(at, session.facts)

    def on_auth(self, at: PointOfView, session: Session, claim: Claim) -> Decision[Reply | None]:
        return submission.judge_logon(at, session.facts, claim)

    def on_mail(self, at: PointOfView, session: Session, mail: Mail) -> Decision[Reply | None]:
        return stages.judge_sender(at, session, mail)

    def on_rcpt(
        self, at: PointOfView, session: Session, envelope: Envelope, rcpt: Rcpt
    ) -> Decision[Reply | None]:
        return message_trace.without_row(stages.judge_recipient(at, session, envelope, rcpt))

    def on_data(
        self, at: PointOfView, session: Session, envelope: Envelope, message: Message, name: str
    ) -> Acceptance:
        return stages.take(at, session, envelope, message, name)

    def submit(self, at: PointOfView, envelope: Envelope, message: Message, name: str) -> Item:
        stamped = headers.submit(at, message, name)
        context = Owners(_tenant_of(at, envelope.reverse_path))
        return Item(name=name, envelope=envelope, message=stamped, arrived=at.now, context=context)

    def categorize(self, at: PointOfView, item: Item) -> Categorized:
        return categorizer.categorize(at, item)

    def targets(self, at: PointOfView, relay: Relay) -> Decision[Targets]:
        return sending.choose_next_hop(at, relay)

    def on_offer(self, at: PointOfView, relay: Relay, offer: Offer) -> Decision[Reply | None]:
        published = secured_offer.judge_published(at, relay, offer)
        if published.value is not None:
            return published
        word = partial(sending.word_tls_problem, at=at, policy=relay.tls, offer=offer)
        judged = judge_offer(
            at, relay, offer, word, cite=sending.TLS, diligence=look_at_next_hop(at), fallback=fall_back(at)
        )
        return replace(judged, because=(*published.because, *judged.because))

    def on_no_route(self, at: PointOfView, relay: Relay, problem: RouteProblem) -> Reply:
        return sending.word_no_route(at, relay, problem)

    def on_unreachable(self, _at: PointOfView, target: Target, cause: str) -> Reply:
        return sending.word_unreachable(target, cause)

    def after(self, at: PointOfView, item: Item, waiting: Waiting) -> Next:
        return sending.after(at, item, waiting)

    def report(
        self, at: PointOfView, item: Item, notices: tuple[Notice, ...], name: str, action: Action
    ) -> Decision[Item | None]:
        return sending.report(
            at, item, notices, name, action, tenant=recipients.owner_of_notice(at, item, notices)
        )

    def deliver(self, _at: PointOfView, item: Item, message: Message) -> Message:
        return message.with_top(header_field("Return-Path", show_path(item.envelope.reverse_path)))


def _tenant_of(at: PointOfView, sender: ReversePath) -> str:
    """Return the tenant that a mailbox belongs to; the linker made sure that there is one."""
    config: ExchangeOnlineConfig = at.mta.config
    owner = config.owner_of(sender.domain) if sender else None
    if owner is None:
        raise ValueError(f"{sender} is no mailbox of a tenant")
    return owner.name
