"""Judge expectations about sessions: refusals, envelopes, TLS, connectors and peers."""

from __future__ import annotations

from mailsim.flow.case import Case, Refusal, Verdict, listed
from mailsim.flow.evidence import distinct
from mailsim.flow.expectation import ConnectorAt, EhloOf, EnvelopeAt, PeerAt, RejectedBy, TlsBetween
from mailsim.mail.address import show_path
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.trace.connection import EHLO, RCPT, STARTTLS, Connection, stage_of
from mailsim.trace.events import (
    Attributed,
    Connected,
    Event,
    Exchanged,
    NotSecured,
    Received,
    Routed,
    Submitted,
)
from mailsim.trace.hop import Hop
from mailsim.world.certificate import PresentedCertificate


def judge_rejected(case: Case, expected: RejectedBy) -> Verdict:
    """The host gave such a refusal."""
    refusals = case.refusals(expected.by)
    matching = [refusal for refusal in refusals if _is_it(refusal, expected)]
    host = case.mta(expected.by)
    saw = listed((f"{host} answered {each}" for each in matching or refusals), f"{host} refused nothing")
    if not refusals:
        saw += "; " + listed(map(case.describe, case.outcomes(expected.to)), "the message never entered")
    return Verdict(bool(matching), saw, _taken_by(case, expected.by, matching or list(refusals)))


def _is_it(refusal: Refusal, expected: RejectedBy) -> bool:
    elsewhere = refusal.stage == RCPT and expected.to is not None
    return (
        (not elsewhere or f"<{expected.to}>".lower() in refusal.command.lower())
        and (expected.stage is None or expected.stage.value == refusal.stage)
        and expected.code in (None, refusal.reply.code)
        and expected.enhanced in ("", refusal.reply.enhanced)
        and expected.text.lower() in str(refusal.reply).lower()
    )


def _taken_by(case: Case, host: str, refusals: list[Refusal]) -> tuple[Event, ...]:
    """Return why a host refused, or why it admitted the recipients that it did not refuse, and how it took the mail."""
    found = [refusal.event for refusal in refusals]
    for connection in case.connections_to(host):
        about = (each for name in case.names for each in connection.about.get(name, ()))
        if not refusals:
            found += (each for each in about if stage_of(getattr(each.what, "command", "")) == RCPT)
        found += [connection.opened, *connection.attributed_to(case.names)]
    found += [hop.arrived for hop in case.hops_at(host)]
    return distinct(found)


def judge_envelope(case: Case, expected: EnvelopeAt) -> Verdict:
    """Some stay at the MTA began with this envelope."""
    hops = case.hops_at(expected.at)
    envelopes = [_envelope_of(hop) for hop in hops]
    met = any(_same(envelope, expected) for envelope in envelopes)
    saw = listed(map(_shown, envelopes), f"{case.mta(expected.at)} never took the message over")
    return Verdict(met, saw, distinct(hop.arrived for hop in hops))


def _same(envelope: Envelope, expected: EnvelopeAt) -> bool:
    wanted = expected.reverse_path
    sender = wanted is None or show_path(envelope.reverse_path).lower() == f"<{wanted.strip('<>')}>".lower()
    keys = sorted(path.key for path in envelope.paths)
    return sender and (
        expected.recipients is None or sorted(each.key for each in expected.recipients) == keys
    )


def _envelope_of(hop: Hop) -> Envelope:
    """Return the envelope a stay began with; a report made here has a null reverse-path."""
    what = hop.arrived.what
    if isinstance(what, Submitted | Received):
        return what.envelope
    return Envelope(reverse_path=None, recipients=tuple(Recipient(each.accepted) for each in hop.branches))


def _shown(envelope: Envelope) -> str:
    return f"from {show_path(envelope.reverse_path)} to {', '.join(map(str, envelope.paths))}"


def judge_tls(case: Case, expected: TlsBetween) -> Verdict:
    """The session by which the message went from one MTA to the other had this TLS."""
    connections = _between(case, expected)
    verdict, version = expected.verdict, expected.version
    met = any(
        (verdict is None or each.verdict == verdict.value)
        and (version is None or each.tls_version == version.shown)
        and _presented(case, each.client_certificate, expected.client_certificate)
        for each in connections
    )
    sender, receiver = case.mta(expected.sender), case.mta(expected.receiver)
    saw = listed((_tls(case, each) for each in connections), f"{sender} had no session with {receiver}")
    seen = ((each.client_tls, each.not_secured, each.opened) for each in connections)
    return Verdict(met, saw, distinct(event for events in seen for event in events if event))


def _between(case: Case, expected: TlsBetween) -> list[Connection]:
    """Return the sessions the message went by; where it never got over, those on which that was tried."""
    sender = case.mta(expected.sender)
    found = [each for each in case.connections_to(expected.receiver) if each.client == sender]
    taken = {hop.connection.session for hop in case.hops_at(expected.receiver) if hop.connection}
    return [each for each in found if each.session in taken] or found


def _presented(case: Case, seen: PresentedCertificate | None, name: str) -> bool:
    """Tell whether the client presented the certificate of a name; no name asks nothing."""
    if name in ("", "none"):
        return not name or seen is None
    return seen is not None and name in _called(case, seen)


def _called(case: Case, seen: PresentedCertificate) -> list[str]:
    """Return the names by which the scenario calls a certificate that was presented."""
    specs = case.scenario.topology.certificates
    shown = (seen.common_name, seen.names)
    return [name for name, spec in specs.items() if (spec.common_name, spec.names) == shown]


def _tls(case: Case, connection: Connection) -> str:
    version = f" ({connection.tls_version})" if connection.tls_version else ""
    refused = connection.not_secured.what if connection.not_secured else None
    cause = f" ({refused.cause})" if isinstance(refused, NotSecured) else ""
    client = connection.client_certificate
    names = _called(case, client) or [client.subject] if client else ["none"]
    return f"{connection.verdict}{version}{cause}, client certificate {' or '.join(names)}"


def judge_ehlo(case: Case, expected: EhloOf) -> Verdict:
    """Some session of the message began with such a list, or had it over TLS."""
    lists = [_announced(each, over_tls=bool(expected.over_tls)) for each in case.connections_to(expected.by)]
    found = [pair for pair in lists if pair]
    met = any(_offers(keywords, expected) for keywords, _ in found)
    host = case.mta(expected.by)
    when = " over TLS" if expected.over_tls else ""
    saw = listed((", ".join(keywords) or "no extension" for keywords, _ in found), f"no EHLO to {host}{when}")
    return Verdict(met, saw, distinct(event for _, event in found))


def _announced(connection: Connection, *, over_tls: bool) -> tuple[tuple[str, ...], Event] | None:
    """Return the first list of a connection, in clear text or over TLS, with the event that shows it."""
    secured = False
    for event in connection.exchanges:
        what = event.what
        if not isinstance(what, Exchanged) or not what.reply.positive:
            continue
        stage = stage_of(what.command)
        if stage == EHLO and secured is over_tls:
            return what.reply.lines[1:], event
        secured = secured or stage == STARTTLS
    return None


def _offers(keywords: tuple[str, ...], expected: EhloOf) -> bool:
    """Tell whether a list has what is wanted and lacks what is not."""
    lines = {line.upper() for line in keywords}
    known = lines | {line.partition(" ")[0] for line in lines}
    return known.issuperset(each.upper() for each in expected.offers) and known.isdisjoint(
        each.upper() for each in expected.lacks
    )


def judge_connector(case: Case, expected: ConnectorAt) -> Verdict:
    """The MTA used the connector, to receive, to attribute or to send."""
    used = [*_received_by(case, expected.at), *(_sent_by(case, hop) for hop in case.hops_at(expected.at))]
    named = [(name, event) for pairs in used for name, event in pairs if name]
    met = any(name.lower() == expected.used.lower() for name, _ in named)
    mta = case.mta(expected.at)
    saw = listed((f"{mta} used {name!r}" for name, _ in named), f"{mta} used no connector")
    events = [event for pairs in used for _, event in pairs]
    return Verdict(met, saw, distinct(events))


def _received_by(case: Case, host: str) -> list[list[tuple[str, Event]]]:
    """Return the connectors an MTA received by, each with the event that says so."""
    found = []
    for connection in case.connections_to(host):
        opened = (
            [(connection.connector, connection.opened)]
            if isinstance(connection.opened.what, Connected)
            else []
        )
        known = [
            (what.connector, each)
            for each in connection.attributed_to(case.names)
            if isinstance(what := each.what, Attributed)
        ]
        found.append(opened + known)
    return found


def _sent_by(_case: Case, hop: Hop) -> list[tuple[str, Event]]:
    return [(what.via, each) for each in hop.events if isinstance(what := each.what, Routed)]


def judge_peer(case: Case, expected: PeerAt) -> Verdict:
    """The MTA saw the message come from the address."""
    connections = case.connections_to(expected.at)
    met = any(connection.peer_ip == expected.address for connection in connections)
    mta = case.mta(expected.at)
    saw = listed((f"{mta} saw {each.peer_ip}" for each in connections), f"nobody connected to {mta} with it")
    return Verdict(met, saw, distinct(each.opened for each in connections))
