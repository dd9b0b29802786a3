"""How Exchange Server sends: the choice of a Send connector, its TLS demands, last errors, reports.

Sources: "Connector selection in external message routing", Set-SendConnector, "Message retry, resubmit, and
expiration intervals".
"""

from __future__ import annotations

from mailsim.mail.address import Mailbox
from mailsim.mail.reply import Reply
from mailsim.mta.exchange_report import exchange_report
from mailsim.mta.exchange_server import defaults, replies
from mailsim.mta.exchange_server.config import SendConnector, TlsAuthLevel
from mailsim.mta.exchange_server.receive import NOT_MODELLED, Trust, config_of
from mailsim.mta.kind import Failure, Hold, Item, PointOfView, Refuse, Relay
from mailsim.mta.relaying.offer import TlsProblem
from mailsim.mta.relaying.tls_policy import TlsDemand, TlsPolicy
from mailsim.reason.check import Check, check, unknown
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import documented
from mailsim.world.certificate import ChainVerdict, PresentedCertificate

SELECTION = documented("ms:connector-selection", "Connector selection in external message routing")
TLS = documented("ms:set-sendconnector", "RequireTLS, TlsAuthLevel, TlsDomain")

_DEMANDS = {
    None: TlsDemand.ENCRYPTED,
    TlsAuthLevel.ENCRYPTION_ONLY: TlsDemand.ENCRYPTED,
    TlsAuthLevel.CERTIFICATE_VALIDATION: TlsDemand.VALID_CHAIN,
    TlsAuthLevel.DOMAIN_VALIDATION: TlsDemand.VALID_NAME,
}


def choose_send_connector(at: PointOfView, to: Mailbox, size: int) -> Choice[SendConnector]:
    """Choose the Send connector for one external recipient.

    Source: ms:connector-selection, steps 1 to 6 (documented). An organization has one server here, so the hops are
    equal.

    Args:
        at: the server that routes.
        to: the recipient as resolved.
        size: octets, header included.
    """
    return select(
        f"Send connector for {to}",
        config_of(at).send_connectors,
        name=lambda connector: connector.name,
        source=lambda connector: connector.source(),
        checks=lambda connector: (
            fits_size(connector, size),
            is_enabled(connector),
            serves(connector, to.domain),
            *_unmodelled(connector),
        ),
        ranks=lambda connector: (
            specificity(connector, to.domain),
            cost(connector, to.domain),
            Rank("lowest alphanumeric name", connector.name.lower(), connector.name),
        ),
        cite=SELECTION,
    )


def fits_size(connector: SendConnector, size: int) -> Check:
    """Step 1: MaxMessageSize is not smaller than the message."""
    return check(
        size <= connector.max_message_size,
        "MaxMessageSize",
        saw=f"message of {size} octets",
        wanted=f"at most {connector.max_message_size}",
        cite=SELECTION,
        source=connector.source("MaxMessageSize"),
    )


def is_enabled(connector: SendConnector) -> Check:
    """Step 2: the connector is enabled."""
    return check(
        connector.enabled,
        "Enabled",
        saw=str(connector.enabled),
        wanted="True",
        cite=SELECTION,
        source=connector.source("Enabled"),
    )


def serves(connector: SendConnector, domain: str) -> Check:
    """Step 2: an address space covers the recipient's domain."""
    spaces = ", ".join(str(space.pattern) for space in connector.address_spaces)
    return check(
        any(space.pattern.covers(domain, apex=True) for space in connector.address_spaces),
        "AddressSpaces",
        saw=spaces,
        wanted=f"a space that covers {domain}",
        cite=SELECTION,
        source=connector.source("AddressSpaces"),
    )


def specificity(connector: SendConnector, domain: str) -> Rank:
    """Step 3: the most specific address space wins, before any cost."""
    pattern = _best(connector, domain)[0]
    exact, length = pattern[0], pattern[1]
    shown = _best(connector, domain)[2]
    return Rank("most specific address space", (-exact, -length), shown)


def cost(connector: SendConnector, domain: str) -> Rank:
    """Step 4: the lowest cost of that address space; there are no site links here."""
    lowest = _best(connector, domain)[1]
    return Rank("lowest cost", lowest, f"cost {lowest}")


def _best(connector: SendConnector, domain: str) -> tuple[tuple[int, int], int, str]:
    """Return specificity, cost and text of the address space that counts for a domain."""
    covering = [space for space in connector.address_spaces if space.pattern.covers(domain, apex=True)]
    best = max(covering, key=lambda space: (space.pattern.specificity, -space.cost))
    return best.pattern.specificity, best.cost, str(best.pattern)


def _unmodelled(connector: SendConnector) -> tuple[Check, ...]:
    return tuple(
        unknown(name, saw="set, but not modelled", cite=NOT_MODELLED, source=connector.source(name))
        for name in connector.unmodelled
    )


def relay_by(at: PointOfView, connector: SendConnector, domain: str) -> Relay:
    """Turn the chosen connector into a route."""
    return Relay(
        via=connector.name,
        domain="" if connector.smart_hosts else domain,
        smart_hosts=connector.smart_hosts,
        tls=tls_policy(connector, domain),
        certificate=at.certificate,
        helo=connector.fqdn or at.mta.fqdn,
        source=at.mta.addresses[0],
        messages_per_connection=connector.smtp_max_messages_per_connection,
    )


def tls_policy(connector: SendConnector, domain: str) -> TlsPolicy:
    """Read RequireTLS, TlsAuthLevel, TlsDomain and IgnoreSTARTTLS as a demand."""
    if connector.ignore_starttls:
        setting = f"IgnoreSTARTTLS True of {connector.name!r}"
        return TlsPolicy(TlsDemand.NEVER, "", setting, connector.source("IgnoreSTARTTLS"))
    if not connector.require_tls:
        setting = f"RequireTLS False of {connector.name!r}"
        return TlsPolicy(TlsDemand.OPPORTUNISTIC, "", setting, connector.source("RequireTLS"))
    level = connector.tls_auth_level
    shown = f"TlsAuthLevel {level.value}" if level else "RequireTLS True"
    # an empty TlsDomain compares the recipient's domain
    name = (connector.tls_domain or domain) if level is TlsAuthLevel.DOMAIN_VALIDATION else ""
    source = connector.source("TlsAuthLevel" if level else "RequireTLS")
    return TlsPolicy(_DEMANDS[level], name, f"{shown} of {connector.name!r}", source)


def hold_unreachable(item: Item, choice: Choice[SendConnector]) -> Hold | Refuse:
    """Step 7: no connector. Excluded only by size fails at once, everything else waits in Unreachable."""
    by_size = [
        candidate
        for candidate in choice.candidates
        if [each.rule for each in candidate.checks if each.failed] == ["MaxMessageSize"]
    ]
    if by_size:
        return Refuse(replies.SIZE_EXCLUDES_ALL)
    schedule = defaults.SCHEDULE
    return Hold("Unreachable", replies.UNREACHABLE, item.arrived + schedule.expires_after, schedule.expired)


def word_tls_problem(
    problem: TlsProblem, verdict: ChainVerdict | None, _peer: PresentedCertificate | None
) -> Reply:
    """Word the last error of a session without the TLS that the connector wants."""
    if problem is TlsProblem.UNTRUSTED and verdict is not None:
        return replies.certificate_refused(verdict.reason)
    if problem is TlsProblem.UNTRUSTED:
        return replies.certificate_refused("EmptyCertificate")
    if problem is TlsProblem.WRONG_NAME:
        return replies.certificate_refused("SubjectMismatch")
    if problem is TlsProblem.HANDSHAKE:
        return Reply(451, "4.4.0", ("Security status InvalidToken",))
    return replies.TLS_REQUIRED


def bounce(at: PointOfView, item: Item, failures: tuple[Failure, ...], name: str) -> Item | None:
    """Report failures: to people of the organization as the Microsoft Exchange recipient, else as postmaster."""
    config, to = config_of(at), item.envelope.reverse_path
    internal = to is not None and config.accepted(to.domain) is not None
    who = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e" if internal else "postmaster"
    sender = f"Microsoft Outlook <{who}@{config.default_domain or at.mta.fqdn}>"
    return exchange_report(at, item, failures, name, sender=sender, context=Trust(internal=True))
