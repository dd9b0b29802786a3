"""Warnings about connectors: what is never met, where documented readings differ, what ties, and what goes round.

Sources: "Set up connectors to route mail between Microsoft 365 and your own email servers", "Fix NDR error code 5.4.6 through
5.4.20", KB 3194415.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from builders import zones as zones_of
from exchange_worlds import inbound, outbound, service, tenant, view

from mailsim.config.load import load_text
from mailsim.mta.exchange_online.connector import ConnectorType
from mailsim.mta.exchange_online.lints import lints
from mailsim.mta.exchange_online.send.send_assumptions import CONNECTOR_ORDER
from mailsim.mta.rules.rule import TransportRule

ON_PREMISES = {"connector_type": ConnectorType.ON_PREMISES}
PARTNER = {"connector_type": ConnectorType.PARTNER}
HOST = {"use_mx_record": False, "smart_hosts": ("mail.contoso.com",)}
EVERY = outbound("C1", all_accepted_domains=True, **ON_PREMISES, **HOST)
EOP = {"eop.example": [IPv4Address("203.0.113.25")]}
HERE = zones_of({"contoso.com": [(0, "eop.example")]}, EOP)
ELSEWHERE = zones_of({"contoso.com": [(0, "mx.example")]}, {"mx.example": [IPv4Address("192.0.2.1")]})


def found(*connectors, domains=("contoso.com",), zones=ELSEWHERE, rules=(), **assumptions) -> list[str]:
    """Return the problems of a tenant with these connectors."""
    contoso = tenant("contoso", *domains, outbound_connectors=connectors, transport_rules=rules)
    world = replace(view(service(contoso)).world, zones=zones, assumptions=assumptions)
    return [each.problem for each in lints(service(contoso), contoso, world)]


def test_nothing_to_say():
    """The recipe of the page is fine: one connector with the domain, and smart hosts."""
    assert found(outbound("To on-premises", "contoso.com", **ON_PREMISES, **HOST), zones=HERE) == []


@pytest.mark.parametrize(
    ("others", "doubtful"),
    [
        ((outbound("C3", "*.contoso.com"),), ["sales.contoso.com"]),
        ((outbound("C3", "*.contoso.com"), outbound("C2", "sales.contoso.com")), []),
        ((outbound("C3", "*.contoso.com", enabled=False),), []),
        ((outbound("C3", "*.contoso.com", is_transport_rule_scoped=True),), []),
        ((outbound("star", "*"),), []),
    ],
)
def test_where_the_two_readings_differ(others, doubtful):
    """The page's list puts all accepted domains before wildcards, its example the other way."""
    problems = found(EVERY, *others, domains=("contoso.com", "sales.contoso.com"))
    assert [each.split()[3] for each in problems] == doubtful
    assert all("'C3' by the documented example, 'C1' by the documented order" in each for each in problems)


def test_what_the_scenario_decides_is_no_longer_in_doubt():
    """An assumption settles which reading counts, and the other lints follow it."""
    wild = outbound("C3", "*.contoso.com", **ON_PREMISES)
    domains = ("contoso.com", "sales.contoso.com")
    mx = zones_of({domain: [(0, "eop.example")] for domain in domains}, EOP)
    decided = {
        choice: found(EVERY, wild, domains=domains, zones=mx, **{CONNECTOR_ORDER.key: choice})
        for choice in CONNECTOR_ORDER.choices
    }
    assert decided["as-listed"] == []
    assert [each.split(":")[0] for each in decided["most-specific"]] == ["outbound connector 'C3'"]


def test_equal_scopes():
    """Which of two equal connectors is used is not documented; each pair is named once."""
    pair = (outbound("a", "northwind.com", "fabrikam.com"), outbound("b", "northwind.com", "fabrikam.com"))
    (problem,) = found(*pair)
    assert problem.startswith("outbound connectors 'a' and 'b' cover northwind.com alike")


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ({"all_accepted_domains": True}, "AllAcceptedDomains"),
        ({"domains": ("contoso.com",)}, "RecipientDomains"),
        ({"domains": ("*",)}, ""),
        ({"domains": ("contoso.com", "northwind.com")}, ""),
        ({}, ""),
    ],
)
def test_centralized_mail_transport_for_accepted_domains(more, warned):
    """Scoped to accepted domains, centralized mail transport ends in loops."""
    domains = more.pop("domains", ())
    central = outbound("C", *domains, route_all_messages_via_on_premises=True, **ON_PREMISES, **HOST, **more)
    problems = found(central)
    assert len(problems) == bool(warned)
    assert all(f"{warned} covers accepted domains only; mail goes round" in each for each in problems)


@pytest.mark.parametrize(("enabled", "count"), [(True, 0), (False, 1)])
def test_a_rule_with_a_disabled_connector(enabled, count):
    """The rule's recipients do not go where it says."""
    rule = TransportRule(name="r", route_message_outbound_connector="gate")
    assert len(found(outbound("Gate", enabled=enabled), rules=(rule,))) == count


@pytest.mark.parametrize(("zones", "count"), [(HERE, 1), (ELSEWHERE, 0)])
def test_a_hybrid_connector_by_mx(zones, count):
    """UseMXRecord while the MX is Exchange Online is the loop of 5.4.14."""
    problems = found(outbound("To on-premises", "contoso.com", **ON_PREMISES), zones=zones)
    assert len(problems) == count
    assert all(
        "UseMXRecord is True and the MX of contoso.com is Exchange Online" in each for each in problems
    )


@pytest.mark.parametrize(
    ("domain", "connectors", "zones", "count"),
    [
        ("relay:contoso.com", (), HERE, 1),
        ("relay:contoso.com", (), ELSEWHERE, 0),
        ("contoso.com", (), HERE, 0),
        ("relay:contoso.com", (outbound("x", "contoso.com", **HOST),), HERE, 0),
    ],
)
def test_internal_relay_without_a_way(domain, connectors, zones, count):
    """An internal relay domain whose MX leads back needs a connector."""
    problems = found(*connectors, domains=(domain,), zones=zones)
    assert len(problems) == count
    assert all("unknown recipients go round until 554 5.4.14" in each for each in problems)


SCENARIO = """mailsim: 1
exchange_online:
  tenants:
    contoso:
      AcceptedDomains: [{DomainName: contoso.com}, {DomainName: sales.contoso.com}]
      OutboundConnectors:
        - {Name: C1, ConnectorType: OnPremises, AllAcceptedDomains: $true, UseMXRecord: $false, SmartHosts: a.example}
        - Name: C3
          RecipientDomains: "*.contoso.com"
"""


def test_a_warning_when_a_scenario_is_loaded():
    """The finding stands at the property to change, and the scenario is usable."""
    (warning,) = load_text(SCENARIO, "s.yaml").warnings
    assert str(warning).startswith(
        "s.yaml:9:11: warning: outbound connector for sales.contoso.com is in doubt"
    )
    assert str(warning).endswith("assumptions: {exo-connector-order: ...} decides it here")


@pytest.mark.parametrize(
    ("connector", "warned"),
    [
        (inbound(), "neither TlsSenderCertificateName nor SenderIPAddresses"),
        (inbound(names="mail.contoso.com"), ""),
        (inbound(addresses="192.0.2.1"), ""),
        (inbound(enabled=False), ""),
        (inbound(**PARTNER), ""),
        (inbound(restrict_domains_to_certificate=True, **PARTNER), "TlsSenderCertificateName is empty"),
        (inbound(restrict_domains_to_ip_addresses=True, **PARTNER), "SenderIPAddresses is empty"),
        (inbound(names="*.fabrikam.com", restrict_domains_to_certificate=True, **PARTNER), ""),
        (inbound(treat_messages_as_internal=True, **PARTNER), "TreatMessagesAsInternal is of no effect"),
        (inbound(addresses="192.0.2.1", treat_messages_as_internal=True), ""),
        (inbound(addresses="192.0.2.1", associated_accepted_domains=("fabrikam.com",)), "has fabrikam.com"),
        (inbound(addresses="192.0.2.1", associated_accepted_domains=("Contoso.com",)), ""),
    ],
)
def test_inbound_connectors_that_do_nothing_or_too_much(connector, warned):
    """What no session can meet is said before any mail shows it."""
    contoso = tenant("contoso", "contoso.com", inbound_connectors=(connector,))
    problems = [each.problem for each in lints(service(contoso), contoso, view(service(contoso)).world)]
    assert [warned in each for each in problems] == ([True] if warned else [])
