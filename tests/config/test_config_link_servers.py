"""Organizations with several servers: names that must be there, and what only Edge servers may have."""

from __future__ import annotations

import pytest

from mailsim.config.load import load_text
from mailsim.errors import ScenarioError

TEXT = """
mailsim: 1
organizations:
  contoso:
    AcceptedDomains: [{{DomainName: contoso.com}}]
    {sites}
    servers:
      mbx1: {{fqdn: mbx1.contoso.com, ip: 198.51.100.11{first}}}
      mbx2: {{fqdn: mbx2.contoso.com, ip: 198.51.100.12{second}}}
    SendConnectors: [{{Name: Out, AddressSpaces: "{space}"{connector}}}]
    recipients: {{mailboxes: {{alice: {mailbox}, bob: {{server: MBX2.contoso.com}}}}, groups: {{all: {group}}}}}
messages:
  m1: {{from: {sender}, to: bob@contoso.com}}
"""
DEFAULTS = {
    "sites": "", "first": "", "second": "", "space": "*", "connector": "", "mailbox": "", "group": "[alice]",
    "sender": "bob@contoso.com",
}  # fmt: skip


def text(**changes: str) -> str:
    """Write the scenario with changes."""
    return TEXT.format(**DEFAULTS | changes)


def test_a_mailbox_hands_in_at_its_own_server():
    """The server of a mailbox is the one it names, else the first Mailbox server."""
    assert load_text(text(), "s.yaml").submissions[0].mta_id == "mbx2.contoso.com"
    assert load_text(text(sender="alice@contoso.com"), "s.yaml").submissions[0].mta_id == "mbx1.contoso.com"


def test_a_tenant_has_no_servers_to_name():
    """ExpansionServer is of on-premises groups only (Set-DistributionGroup); that nobody reads it is said."""
    recipients = "{mailboxes: {zoe: {server: mbx1}}, groups: {team: {Members: zoe, ExpansionServer: mbx1}}}"
    tenant = f"{{AcceptedDomains: [{{DomainName: fabrikam.com}}], recipients: {recipients}}}"
    found = load_text(text() + f"exchange_online: {{tenants: {{fabrikam: {tenant}}}}}\n", "s.yaml")
    said = [str(each) for each in found.warnings]
    assert ["'zoe'" in each or "'team'" in each for each in said] == [True, True]
    assert all("the servers of a tenant are not modelled" in each for each in said)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"mailbox": "{server: mbx3}"}, "mailbox 'alice': Mailbox server 'mbx3' is not defined"),
        ({"second": ", role: edge"}, "mailbox 'bob': Mailbox server 'MBX2.contoso.com' is not defined; wanted one of mbx1"),
        ({"group": "{Members: alice, ExpansionServer: x}"}, "ExpansionServer of 'all': Mailbox server 'x' is not defined"),
        ({"connector": ", SourceTransportServers: mbx9"}, "SourceTransportServers of 'Out': server 'mbx9' is not"),
        ({"space": "--"}, "the address space -- is of Edge servers only"),
        ({"sites": "sites: {A: }", "first": ", site: A"}, "server 'mbx2' is in no site"),
        ({"sites": "sites: {A: }", "first": ", site: A", "second": ", site: B"}, "site 'B' is not defined"),
        (
            {"sites": "{sites: {A: }, site_links: [{between: [A, C]}]}"[1:-1].replace(", site_links", "\n    site_links"),
             "first": ", site: A", "second": ", site: A"},
            "site 'C' is not defined",
        ),
        ({"first": ", role: edge", "second": ", role: edge"}, "has no Mailbox server"),
        ({"first": ', SendConnectors: [{Name: In, AddressSpaces: "*"}]'}, "what only they have of their own"),
        ({"first": ", TransportService: {MessageRetryInterval: 00:00:00}"}, "is not positive"),
    ],
)  # fmt: skip
def test_what_is_wrong_about_servers(changes, problem):
    """A name that nothing bears, a site that is missing, and what an Edge server alone may have are faults."""
    with pytest.raises(ScenarioError) as caught:
        load_text(text(**changes), "s.yaml")
    assert problem in str(caught.value)
