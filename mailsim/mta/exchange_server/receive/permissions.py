"""What a session may do on its Receive connector: who it counts as, and the rights that follow.

Rules: (1) a session is one security principal; which one, if several fit, is inferred; (2) it has what the connector's
permission groups grant to that principal, with the rights added and removed one by one; (3) a client certificate that is
validated and bears a domain of TlsDomainCapabilities brings capabilities, and AcceptCloudServicesMail brings the rights
to submit and to relay with it.

Sources: "Receive connector permission groups", Set-ReceiveConnector (AuthMechanism, TlsDomainCapabilities), KB 3156771.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailsim.mta.exchange_server.peer_certificate import look_at_client
from mailsim.mta.exchange_server.receive.receive_assumptions import CLOUD_SENDERS, OORG_PROMOTES
from mailsim.mta.exchange_server.receive.receive_connector import ReceiveConnector
from mailsim.mta.exchange_server.receive.rights import GROUP_RIGHTS, PermissionGroup, Principal, Right
from mailsim.mta.exchange_server.receive.tls_domain_capabilities import NO_TLS, Capability
from mailsim.mta.exchange_server.receive.usage import AuthMechanism
from mailsim.mta.exchange_server.servers import is_own_server
from mailsim.mta.kind import PointOfView, Session
from mailsim.mta.relaying.certificate_flaws import find_flaws
from mailsim.mta.relaying.tls_policy import name_matches
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import assumed, documented
from mailsim.reason.decision import Decision, Reason
from mailsim.world.certificate import Role

GROUPS = documented("ms:receive-connector-permissions", "Receive connector permission groups")
ORDER = assumed("ms:receive-connector-permissions", "which principal a session is, if several fit")
ADDED = documented("ms:allow-anonymous-relay", "Add-ADPermission, ExtendedRights")
CAPABILITIES = documented("ms:set-receiveconnector", "TlsDomainCapabilities")
RELAY_BY_CAPABILITY = documented("kb3156771", "relay of cloud users' mail by the matched capability")


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a session may do.

    Args:
        principal: who it counts as.
        rights: what it has on the connector.
        capabilities: what its certificate brought.
        brings_cloud_mail: whether it may bring cross-premises headers.
    """

    principal: Principal
    rights: frozenset[Right]
    capabilities: frozenset[Capability] = frozenset()
    brings_cloud_mail: bool = False

    def __contains__(self, right: Right) -> bool:
        return right in self.rights


def permissions(at: PointOfView, session: Session) -> Decision[Permissions]:
    """Collect what a session may do, from who it counts as and from its certificate."""
    connector: ReceiveConnector = session.receiving
    who = choose_principal(at, session)
    principal = who.chosen or Principal.ANONYMOUS_LOGON
    granted, grants = _granted(connector, principal)
    because: list[Reason] = [who, *grants]
    capabilities: frozenset[Capability] = frozenset()
    if connector.tls_domain_capabilities:
        matched = match_capabilities(at, session)
        because.append(matched)
        capabilities = matched.value
    cloud, brought = _brought(at, capabilities)
    because += brought
    if cloud:
        more, assumed = _cloud_rights(at)
        granted |= more
        because.append(assumed)
    shown = ", ".join(right.value for right in Right if right in granted) or "no right"
    value = Permissions(principal, granted, capabilities, cloud)
    return Decision("rights of the session", value, tuple(because), f"{principal.value}: {shown}")


# --- principal ---------------------------------------------------------------------------------------------------


def choose_principal(at: PointOfView, session: Session) -> Choice[Principal]:
    """Choose who a session counts as; whoever proved nothing is ANONYMOUS LOGON."""
    held = {principal: _is(at, session, principal) for principal in _ORDER}
    proved = [principal for principal in _ORDER[:-1] if not held[principal].failed]
    return select(
        "principal of the session",
        _ORDER,
        name=lambda principal: principal.value,
        checks=lambda principal: (held[principal],),
        ranks=lambda principal: (_precedence(principal),),
        cite=ORDER if len(proved) > 1 else GROUPS,
    )


def _precedence(principal: Principal) -> Rank:
    last = principal is Principal.ANONYMOUS_LOGON
    saw = "for whoever proved nothing" if last else "proved"
    return Rank("order of principals", _ORDER.index(principal), saw)


_ORDER = (
    Principal.EXTERNALLY_SECURED_SERVERS,
    Principal.EXCHANGE_SERVERS,
    Principal.AUTHENTICATED_USERS,
    Principal.PARTNER_SERVERS,
    Principal.ANONYMOUS_LOGON,
)


def authenticated_user(session: Session) -> str:
    """Return who the client proved to be by AUTH, empty for nobody."""
    return session.facts.user


def _is(at: PointOfView, session: Session, principal: Principal) -> Check:
    """Hold a session against what makes it a principal."""
    connector: ReceiveConnector = session.receiving
    mechanisms = f"AuthMechanism of {connector.name!r}"
    shown = ", ".join(each.value for each in connector.mechanisms) or "none"
    where, cite = connector.source("AuthMechanism"), GROUPS
    match principal:
        case Principal.EXTERNALLY_SECURED_SERVERS:
            met, saw, wanted = connector.externally_secured, shown, "ExternalAuthoritative"
        case Principal.EXCHANGE_SERVERS:
            peer = is_own_server(at, session.facts)
            met = not peer.failed and AuthMechanism.EXCHANGE_SERVER in connector.mechanisms
            saw, wanted, cite = f"{shown}; {peer.saw}", peer.wanted, peer.cite
        case Principal.AUTHENTICATED_USERS:
            user = authenticated_user(session)
            mechanisms, met, saw, wanted, where = "AUTH", bool(user), user or "no AUTH", "a user", ""
        case Principal.PARTNER_SERVERS:
            # the list of domains, TLSReceiveDomainSecureList of the organization, is not modelled and counts as empty
            mechanisms, met = f"DomainSecureEnabled of {connector.name!r}", False
            saw, wanted = f"{connector.domain_secure_enabled}", "a domain of TLSReceiveDomainSecureList"
            where = connector.source("DomainSecureEnabled")
        case _:
            mechanisms, met, saw, wanted, where = "proof", True, "none needed", "", ""
    return check(met, mechanisms, saw=saw, wanted=wanted, cite=cite, source=where)


# --- rights ------------------------------------------------------------------------------------------------------


def _granted(connector: ReceiveConnector, principal: Principal) -> tuple[frozenset[Right], tuple[Check, ...]]:
    """Return the rights of a principal by group and one by one, with the settings that give and take them."""
    by_group = frozenset(
        right for group in connector.groups for right in GROUP_RIGHTS[group].get(principal, frozenset())
    )
    added, removed = (
        frozenset(
            right for grantee, rights in written.items() if grantee.principal is principal for right in rights
        )
        for written in (connector.extended_rights, connector.removed_rights)
    )
    checks = (
        _by_group(connector, principal, by_group),
        *_one_by_one(connector, "ExtendedRights", principal, added),
        *_one_by_one(connector, "RemovedRights", principal, removed),
    )
    return (by_group | added) - removed, checks


def _by_group(connector: ReceiveConnector, principal: Principal, granted: frozenset[Right]) -> Check:
    wanted = [group.value for group in PermissionGroup if principal in GROUP_RIGHTS[group]]
    return check(
        bool(granted),
        f"PermissionGroups of {connector.name!r}",
        saw=", ".join(group.value for group in connector.groups) or "none",
        wanted=" or ".join(wanted),
        cite=GROUPS,
        source=connector.source("PermissionGroups"),
    )


def _one_by_one(
    connector: ReceiveConnector, name: str, principal: Principal, rights: frozenset[Right]
) -> Iterator[Check]:
    if rights:
        saw = f"{principal.value}: {', '.join(sorted(right.value for right in rights))}"
        rule = f"{name} of {connector.name!r}"
        yield check(True, rule, saw=saw, cite=ADDED, source=connector.source(name))


def has(connector: ReceiveConnector, right: Right, granted: Decision[Permissions]) -> Check:
    """Whether a session has a right; the explanation names the properties that give and take it."""
    removed = any(right in rights for rights in connector.removed_rights.values())
    held = right in granted.value
    return check(
        held,
        f"right {right.value}",
        saw=f"{granted.value.principal.value} {'has' if held else 'lacks'} it on {connector.name!r}",
        wanted="the right",
        cite=GROUPS,
        source=connector.source("RemovedRights" if removed else "PermissionGroups"),
    )


# --- capabilities ------------------------------------------------------------------------------------------------


def match_capabilities(at: PointOfView, session: Session) -> Decision[frozenset[Capability]]:
    """Match the client's certificate with TlsDomainCapabilities: validated first, then by name."""
    connector: ReceiveConnector = session.receiving
    tls = session.facts.tls
    if tls is None:
        return _match_clear_text(connector)
    peer = tls.peer
    verdict = at.pki.judge(peer, trusts=at.mta.trusts, at=at.now) if peer else None
    trusted = check(
        verdict is not None and verdict.trusted,
        "client certificate is validated",
        saw=verdict.saw if verdict else "no client certificate",
        wanted="a chain to a trusted CA, valid now",
        cite=CAPABILITIES,
    )
    names = peer.all_names if peer else ()
    matching = frozenset(
        each.capability
        for each in connector.tls_domain_capabilities
        if any(name_matches(each.domain, name) for name in names)
    )
    saw = f"the certificate names {', '.join(names) or 'nothing'}"
    named = _by_domain(connector, bool(matching), saw)
    flaws = [found.check for found in find_flaws(at, peer, Role.CLIENT, look_at_client(at))]
    value = frozenset() if any(each.failed for each in (trusted, *flaws)) else matching
    return Decision("cloud services mail", value, (trusted, *flaws, named), _accepted(value))


def _match_clear_text(connector: ReceiveConnector) -> Decision[frozenset[Capability]]:
    """Give a session in clear text what stands under NO-TLS."""
    entries = connector.tls_domain_capabilities
    value = frozenset(each.capability for each in entries if each.domain == NO_TLS)
    why = _by_domain(connector, bool(value), "no client certificate: a session in clear text")
    return Decision("cloud services mail", value, (why,), _accepted(value))


def _by_domain(connector: ReceiveConnector, met: bool, saw: str) -> Check:
    return check(
        met,
        f"TlsDomainCapabilities of {connector.name!r}",
        saw=saw,
        wanted=", ".join(map(str, connector.tls_domain_capabilities)),
        cite=RELAY_BY_CAPABILITY,
        source=connector.source("TlsDomainCapabilities"),
    )


def _accepted(capabilities: frozenset[Capability]) -> str:
    return ", ".join(sorted(each.value for each in capabilities)) or "not accepted"


def _brought(at: PointOfView, capabilities: frozenset[Capability]) -> tuple[bool, tuple[Check, ...]]:
    """Tell whether capabilities let cross-premises headers in; what AcceptOorgProtocol does is assumed."""
    if Capability.ACCEPT_OORG_PROTOCOL not in capabilities:
        return Capability.ACCEPT_CLOUD_SERVICES_MAIL in capabilities, ()
    choice = at.assumed(OORG_PROMOTES)
    met = choice == "yes" or Capability.ACCEPT_CLOUD_SERVICES_MAIL in capabilities
    saw = OORG_PROMOTES.choices[choice]
    wanted = Capability.ACCEPT_CLOUD_SERVICES_MAIL.value
    return met, (check(met, "AcceptOorgProtocol", saw=saw, wanted=wanted, cite=OORG_PROMOTES.cite(choice)),)


def _cloud_rights(at: PointOfView) -> tuple[frozenset[Right], Check]:
    """Return what a session with AcceptCloudServicesMail may do beside bringing headers."""
    choice = at.assumed(CLOUD_SENDERS)
    relay = frozenset({Right.SUBMIT, Right.ACCEPT_ANY_RECIPIENT})
    senders = frozenset({Right.ACCEPT_ANY_SENDER, Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER})
    saw = CLOUD_SENDERS.choices[choice]
    assumed = check(True, "AcceptCloudServicesMail", saw=saw, cite=CLOUD_SENDERS.cite(choice))
    return (relay | senders if choice == "any" else relay), assumed
