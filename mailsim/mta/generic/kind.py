"""The questions of ``mta.kind`` answered for an internet MTA."""

from __future__ import annotations

from mailsim.mail.address import show_path
from mailsim.mail.command import Mail, Rcpt
from mailsim.mail.dsn import Action
from mailsim.mail.envelope import Envelope
from mailsim.mail.message import Message, header_field
from mailsim.mail.reply import Reply
from mailsim.mail.sasl import Claim
from mailsim.mta.generic import categorize, receive, replies, send
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
from mailsim.mta.relaying.nexthop import NEXT_HOP, choose_targets
from mailsim.mta.relaying.offer import judge_offer
from mailsim.reason.decision import Decision
from mailsim.world.facts import SessionFacts


class GenericMta:
    """An ordinary internet MTA."""

    name = "generic"
    words: Words = replies.WORDS
    failure_is = "bounced"
    assumptions = (*NEXT_HOP, send.REVOCATION, send.FAILED_HANDSHAKE)

    def on_connect(self, at: PointOfView, _facts: SessionFacts) -> Greeting:
        return receive.greet(at)

    def size_limit(self, at: PointOfView, _session: Session) -> int | None:
        return receive.size_limit(at)

    def on_ehlo(self, at: PointOfView, session: Session) -> Decision[Reply]:
        return receive.answer_ehlo(at, session)

    def on_starttls(self, at: PointOfView, session: Session) -> ServerTls | None:
        return receive.tls_for(at, session)

    def mechanisms(self, _at: PointOfView, _session: Session) -> tuple[str, ...]:
        return ()

    def on_auth(self, _at: PointOfView, _session: Session, _claim: Claim) -> Decision[Reply | None]:
        return Decision("AUTH", self.words.auth_unknown, ())

    def on_mail(self, at: PointOfView, _session: Session, mail: Mail) -> Decision[Reply | None]:
        return receive.judge_sender(at, mail)

    def on_rcpt(
        self, at: PointOfView, session: Session, envelope: Envelope, rcpt: Rcpt
    ) -> Decision[Reply | None]:
        return receive.judge_recipient(at, session, envelope, rcpt)

    def on_data(
        self, at: PointOfView, session: Session, envelope: Envelope, message: Message, name: str
    ) -> Acceptance:
        return receive.take(at, session, envelope, message, name)

    def submit(self, at: PointOfView, envelope: Envelope, message: Message, name: str) -> Item:
        return Item(name=name, envelope=envelope, message=message, arrived=at.now)

    def categorize(self, at: PointOfView, item: Item) -> Categorized:
        return categorize.route(at, item)

    def targets(self, at: PointOfView, relay: Relay) -> Decision[Targets]:
        return choose_targets(at, relay, avoid_self=True)

    def on_offer(self, at: PointOfView, relay: Relay, offer: Offer) -> Decision[Reply | None]:
        return judge_offer(
            at,
            relay,
            offer,
            send.word_tls_problem,
            cite=send.OPPORTUNISTIC_TLS,
            diligence=send.look_at_next_hop(at),
            fallback=send.fall_back(at),
        )

    def on_no_route(self, _at: PointOfView, _relay: Relay, problem: RouteProblem) -> Reply:
        return replies.NO_ROUTE[problem]

    def on_unreachable(self, _at: PointOfView, target: Target, cause: str) -> Reply:
        return send.word_unreachable(target, cause)

    def after(self, at: PointOfView, item: Item, waiting: Waiting) -> Next:
        return send.SCHEDULE.next(at.now, item, waiting)

    def report(
        self, at: PointOfView, item: Item, notices: tuple[Notice, ...], name: str, action: Action
    ) -> Decision[Item | None]:
        return send.report(at, item, notices, name, action)

    def deliver(self, _at: PointOfView, item: Item, message: Message) -> Message:
        # rfc5321:4.4 the final delivery records the reverse-path
        return message.with_top(header_field("Return-Path", show_path(item.envelope.reverse_path)))
