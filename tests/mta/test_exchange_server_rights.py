"""Rights on a Receive connector: Microsoft's table, who a session counts as, and what is added and taken one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from exchange_worlds import accepted, certificate, kind, on_premises, rcpt, receive_connector, session, view

from mailsim.mail.command import Mail
from mailsim.mail.message import Message
from mailsim.mta.exchange_server.receive.permissions import choose_principal, permissions
from mailsim.mta.exchange_server.receive.rights import (
    GROUP_RIGHTS,
    Grantee,
    PermissionGroup,
    Principal,
    Right,
)
from mailsim.mta.exchange_server.receive.usage import FULL, AuthMechanism
from mailsim.mta.kind import PointOfView

PREFIX = "ms-Exch-"
SECURED = (
    "SMTP-Submit, SMTP-Accept-Any-Recipient, SMTP-Accept-Any-Sender, SMTP-Accept-Authoritative-Domain-Sender, "
    "SMTP-Accept-Authentication-Flag, SMTP-Accept-Exch50, Bypass-Anti-Spam, Bypass-Message-Size-Limit, "
    "Accept-Headers-Routing"
)
SERVERS = (
    f"{SECURED}, Accept-Headers-Organization, Accept-Headers-Forest, SMTP-Accept-XAttr, SMTP-Accept-XProxyFrom, "
    "SMTP-Accept-XSessionParams, SMTP-Accept-XShadow, SMTP-Accept-XSysProbe"
)
TABLE = [
    (
        "AnonymousUsers",
        "ANONYMOUS LOGON",
        "SMTP-Submit, SMTP-Accept-Any-Sender, SMTP-Accept-Authoritative-Domain-Sender, Accept-Headers-Routing",
    ),
    (
        "ExchangeUsers",
        "Authenticated Users",
        "SMTP-Submit, SMTP-Accept-Any-Recipient, Bypass-Anti-Spam, Accept-Headers-Routing",
    ),
    ("ExchangeServers", "Exchange Servers", SERVERS),
    ("ExchangeServers", "Hub Transport Servers", SERVERS),
    ("ExchangeServers", "Edge Transport Servers", SERVERS),
    ("ExchangeServers", "Externally Secured Servers", SECURED),
    ("ExchangeLegacyServers", "ExchangeLegacyInterop", SECURED),
    ("Partners", "Partner Servers", "SMTP-Submit, Accept-Headers-Routing"),
]


@pytest.mark.parametrize(("group", "principal", "rights"), TABLE, ids=[f"{g} {p}" for g, p, _ in TABLE])
def test_the_table_of_permission_groups(group, principal, rights):
    """Receive connector permission groups: exactly these rights, by Microsoft's names."""
    granted = GROUP_RIGHTS[PermissionGroup(group)][Principal(principal)]
    assert {right.value for right in granted} == {PREFIX + name for name in rights.split(", ")}


def test_the_table_has_no_other_rows():
    """None and Custom grant nothing themselves."""
    rows = {
        (group.value, principal.value) for group, granted in GROUP_RIGHTS.items() for principal in granted
    }
    assert rows == {(group, principal) for group, principal, _ in TABLE}


@pytest.mark.parametrize(
    "text",
    ["ANONYMOUS LOGON", r"NT AUTHORITY\ANONYMOUS LOGON", "anonymous logon", r"nt authority\Anonymous Logon"],
)
def test_principals_as_cmdlets_take_them(text):
    """Add-ADPermission takes the principal with or without its authority."""
    assert Grantee.parse(text).principal is Principal.ANONYMOUS_LOGON


def test_other_users_are_no_principals():
    """A user of the directory is not among the principals of a session."""
    with pytest.raises(ValueError, match="is no principal of a Receive connector"):
        Grantee.parse(r"CONTOSO\jane")


# --- who a session counts as ---------------------------------------------------------------------------------

MBX2 = "mbx2.contoso.com"


def two_servers(**connector) -> PointOfView:
    """Look from mail.contoso.com at a world in which mbx2 is a server of the same organization."""
    at = view(on_premises(receive_connectors=(receive_connector(**connector),)))
    other = replace(at.mta, id=MBX2, fqdn=MBX2, addresses=(IPv4Address("198.51.100.11"),))
    return replace(at, world=replace(at.world, mtas={**at.world.mtas, MBX2: other}))


def principal(at: PointOfView, peer: str = "192.0.2.66") -> Principal:
    """Return who a client counts as."""
    found = choose_principal(at, session(at, peer)).chosen
    assert found is not None
    return found


def test_a_stranger_is_anonymous():
    """Whoever proves nothing is ANONYMOUS LOGON."""
    assert principal(two_servers(auth_mechanism=FULL)) is Principal.ANONYMOUS_LOGON


def test_another_server_of_the_organization():
    """With ExchangeServer in AuthMechanism a server of the organization is one of Exchange Servers."""
    at = two_servers(auth_mechanism=FULL, permission_groups=(PermissionGroup.EXCHANGE_SERVERS,))
    assert principal(at, "198.51.100.11") is Principal.EXCHANGE_SERVERS
    at = two_servers(auth_mechanism=(AuthMechanism.TLS,))
    assert principal(at, "198.51.100.11") is Principal.ANONYMOUS_LOGON


def test_a_server_of_another_organization_is_a_stranger():
    """Exchange server authentication works inside one organization."""
    at = two_servers(auth_mechanism=FULL)
    mtas = dict(at.world.mtas)
    config = mtas[MBX2].config
    foreign = replace(config, organization=replace(config.organization, name="fabrikam"))
    at = replace(at, world=replace(at.world, mtas={**mtas, MBX2: replace(mtas[MBX2], config=foreign)}))
    assert principal(at, "198.51.100.11") is Principal.ANONYMOUS_LOGON


def test_externally_secured_goes_first():
    """ExternalAuthoritative makes every client an externally secured server (the order is inferred)."""
    at = two_servers(
        auth_mechanism=(AuthMechanism.EXTERNAL_AUTHORITATIVE,),
        permission_groups=(PermissionGroup.EXCHANGE_SERVERS,),
    )
    assert principal(at, "198.51.100.11") is Principal.EXTERNALLY_SECURED_SERVERS


def test_a_server_keeps_the_headers_of_the_organization():
    """Exchange Servers may bring Organization and Forest headers; AuthAs stays as the first server wrote it."""
    at = two_servers(
        auth_mechanism=FULL,
        permission_groups=(PermissionGroup.EXCHANGE_SERVERS,),
        max_message_size=10,
        max_recipients_per_message=1,
    )
    where = session(at, "198.51.100.11")
    brought = Message.from_bytes(
        b"X-MS-Exchange-Organization-AuthAs: Anonymous\r\nX-MS-Exchange-Forest-Y: z\r\nSubject: x\r\n\r\nlong enough\r\n"
    )
    item = accepted(at, where, "x@fabrikam.com", "alice@contoso.com", message=brought)
    assert item.message.values("X-MS-Exchange-Organization-AuthAs") == ("Anonymous",)
    assert item.message.values("X-MS-Exchange-Forest-Y") == ("z",)
    assert item.context.internal is False
    assert rcpt(at, where, "x@fabrikam.com", "ann@fabrikam.com").value is None


def test_a_server_that_says_nothing_of_the_author():
    """Without a stamp the Accept-Authentication-Flag of Exchange Servers makes the message internal (inferred)."""
    at = two_servers(auth_mechanism=FULL, permission_groups=(PermissionGroup.EXCHANGE_SERVERS,))
    item = accepted(at, session(at, "198.51.100.11"), "x@fabrikam.com", "alice@contoso.com")
    assert item.message.values("X-MS-Exchange-Organization-AuthAs") == ("Internal",)


# --- one by one ----------------------------------------------------------------------------------------------


def anonymous(**connector) -> set[Right]:
    """Return the rights of a stranger."""
    at = view(on_premises(receive_connectors=(receive_connector(**connector),)))
    return set(permissions(at, session(at)).value.rights)


def test_rights_are_added_to_and_taken_from_one_principal():
    """Add- and Remove-ADPermission change the rights of the principal they name and of nobody else."""
    grantee, users = Grantee(Principal.ANONYMOUS_LOGON), Grantee(Principal.AUTHENTICATED_USERS)
    usual = anonymous()
    added = anonymous(extended_rights={grantee: (Right.ACCEPT_ANY_RECIPIENT,)})
    assert added == usual | {Right.ACCEPT_ANY_RECIPIENT}
    assert anonymous(extended_rights={users: (Right.ACCEPT_ANY_RECIPIENT,)}) == usual
    assert anonymous(removed_rights={grantee: (Right.SUBMIT,)}) == usual - {Right.SUBMIT}
    only = anonymous(permission_groups=(), extended_rights={grantee: (Right.SUBMIT,)})
    assert only == {Right.SUBMIT}


def test_the_explanation_names_the_removal():
    """A right that was taken away points to RemovedRights, not to the group that granted it."""
    connector = receive_connector(removed_rights={Grantee(Principal.ANONYMOUS_LOGON): (Right.SUBMIT,)})
    at = view(on_premises(receive_connectors=(connector,)))
    decision = kind(at).on_mail(at, session(at), Mail(None))
    assert decision.value is not None
    assert decision.value.enhanced == "5.7.57"
    rules = [check.rule for check in decision.because[0].because[1:]]
    assert rules == ["PermissionGroups of 'Default Frontend'", "RemovedRights of 'Default Frontend'"]


def test_a_late_refusal_says_so():
    """TarpitInterval delays refusals to anonymous clients; 0 does not, and temporary refusals are not delayed."""
    for interval, late in ((timedelta(seconds=5), True), (timedelta(), False)):
        at = view(on_premises(receive_connectors=(receive_connector(tarpit_interval=interval),)))
        refused = rcpt(at, session(at), "a@b.example", "x@y.example")
        assert (refused.because[-1].rule.startswith("TarpitInterval")) is late
    at = view(on_premises(receive_connectors=(receive_connector(require_tls=True),)))
    assert kind(at).on_mail(at, session(at), Mail(None)).because[-1].rule == "MaxMessageSize"


def test_a_capability_gives_no_way_around_validation():
    """A connector with capabilities and a client whose certificate is unknown here leaves it anonymous."""
    shown = certificate("c", "mail.protection.outlook.com", authority="private")
    at = view(on_premises(receive_connectors=(receive_connector(),)), shown)
    assert not permissions(at, session(at, shows="c")).value.capabilities
