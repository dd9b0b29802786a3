"""The generator reaches what the laws are to be tried on: every ending, every TLS verdict, every kind of connector."""

from __future__ import annotations

from collections.abc import Iterator

from cases import Case, cases
from laws import law_of
from runs import choices, predict

from mailsim.mta.exchange_online.send.selection import Named
from mailsim.reason.check import Check
from mailsim.reason.choice import Choice
from mailsim.reason.decision import Decision, Reason
from mailsim.trace.connection import DATA, connections, stage_of
from mailsim.trace.events import (
    Attributed,
    Changed,
    Connected,
    Deferred,
    Event,
    Exchanged,
    Failed,
    Forked,
    Notified,
    NotSecured,
    Resolved,
    Routed,
    RuleRan,
    Secured,
)
from mailsim.trace.paths import final_dispositions

ENDINGS = {"delivered", "refused", "bounced", "expired", "looped", "queued", "dropped"}
VERDICTS = {"TLS none", "TLS encrypted", "TLS verified", "TLS rejected"}
REFUSALS = {f"refused at {stage}" for stage in ("CONNECT", "AUTH", "MAIL", "RCPT", "content")}
CONNECTORS = {
    "by Receive",
    "by Send",
    "by Inbound",
    "by no inbound connector",
    "by recipient domain",
    "by all accepted domains",
    "by rule",
    "by centralized transport",
    "by Intra-Organization SMTP Send Connector",
    "by MX",
    "Unreachable",
}
HAPPENINGS = {"fork", "report", "rule", "change"}
LOOK_UPS = {"DNS from the cache", "DNS waited for", "DNS failed"}
RESOLUTIONS = {
    "group",
    "dynamic group",
    "forwarded by an administrator",
    "forwarded by a user",
    "forwarded and kept",
}
KEPT_OUT = {
    "sender not proved": ("5.7.133", "5.7.134", "5.7.136", "5.7.12"),
    "sender not listed": ("5.7.1", "5.7.124", "5.7.129"),
    "too large": ("5.2.3", "5.2.11"),
    "too many recipients": ("5.5.3",),
    "forwarding not allowed": ("5.7.520",),
}
VERSIONS = {"TLS1_2", "TLS1_3", "no common version"}
FLAWS = {"certificate usage", "certificate key", "certificate revocation"}
WANTED = (
    LOOK_UPS
    | VERSIONS
    | FLAWS
    | ENDINGS
    | VERDICTS
    | REFUSALS
    | CONNECTORS
    | HAPPENINGS
    | RESOLUTIONS
    | set(KEPT_OUT)
)


def reached(events: list[Event]) -> Iterator[str]:
    """Yield what a run got to, in words."""
    yield from (outcome.disposition.value for outcome in final_dispositions(events))
    yield from (f"TLS {made.verdict}" for made in connections(events).values() if made.exchanges)
    for event in events:
        yield from _words(event)
        yield from _look_ups(event)
        yield from _flaws(event.because)


def _look_ups(event: Event) -> Iterator[str]:
    """Say how the DNS answered."""
    for check in event.because.because if isinstance(event.because, Decision) else ():
        if isinstance(check, Check) and check.rule.startswith(("MX of", "A of")):
            yield from ["DNS from the cache"] if "from the cache" in check.aside else []
            yield from ["DNS waited for"] if "after" in check.aside else []
            yield from ["DNS failed"] if check.saw in ("SERVFAIL", "time-out") else []


def _flaws(reason: Reason | None) -> Iterator[str]:
    """Say which flaws of certificates a decision met."""
    if isinstance(reason, Check):
        yield from (flaw for flaw in FLAWS if flaw in reason.rule)
    elif isinstance(reason, Choice):
        yield from (words for each in reason.candidates for made in each.checks for words in _flaws(made))
    elif reason is not None:
        yield from (words for part in reason.because for words in _flaws(part))


def _words(event: Event) -> Iterator[str]:
    match event.what:
        case Secured(version=version):
            yield version
        case NotSecured(cause=cause) if "no common version" in cause:
            yield "no common version"
        case Connected(reply=reply, connector=connector):
            yield "by Receive" if connector else "without Receive"
            yield "greeted" if reply.positive else "refused at CONNECT"
        case Exchanged(command, reply) if not reply.positive:
            stage = stage_of(command)
            yield f"refused at {'content' if command.startswith('<') and stage == DATA else stage}"
        case Attributed(connector=connector):
            yield "by Inbound" if connector else "by no inbound connector"
        case Routed(via=via):
            yield _kind_of_connector(event, via)
        case Deferred(queue="Unreachable"):
            yield "Unreachable"
        case Changed():
            yield "change"
        case Forked():
            yield "fork"
        case Notified():
            yield "report"
        case RuleRan():
            yield "rule"
        case Resolved(kind=kind):
            yield _KINDS.get(kind, "moved")
        case Failed(reply=reply, remote=""):
            yield from (words for words, codes in KEPT_OUT.items() if reply.enhanced in codes)


_KINDS = {
    "MailUniversalDistributionGroup": "group",
    "DynamicDistributionGroup": "dynamic group",
    "ForwardingAddress": "forwarded by an administrator",
    "ForwardingSmtpAddress": "forwarded by an administrator",
    "InboxRules": "forwarded by a user",
    "keeps a copy": "forwarded and kept",
}


def _kind_of_connector(event: Event, via: str) -> str:
    """Say by what kind of connector mail leaves."""
    won = [choice.chosen for choice in choices(event.because) if choice.chosen is not None]
    if not via.startswith("Outbound"):
        return f"by {via.rstrip(' 0123456789')}"
    if isinstance(won[-1], Named):
        return "by rule"
    if won[-1].route_all_messages_via_on_premises:
        return "by centralized transport"
    return "by all accepted domains" if won[-1].all_accepted_domains else "by recipient domain"


def test_generator_reaches_everything():
    """In the first examples of the generator everything happens by which a law could be broken."""
    seen: set[str] = set()

    def explore(case: Case) -> None:
        seen.update(reached(predict(case)))

    law_of(case=cases(), runs=48)(explore)()
    assert WANTED - seen == set()
