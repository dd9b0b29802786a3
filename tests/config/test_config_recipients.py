"""Recipients, remote domains and transport settings as a scenario writes them."""

from __future__ import annotations

import pytest

from mailsim.config.load import load_text
from mailsim.errors import ScenarioError
from mailsim.mail.address import Mailbox
from mailsim.world.directory import DirectoryRecipient


def scenario(recipients: str, more: str = "") -> str:
    """Write a scenario with an organization and its recipients."""
    return f"""\
mailsim: 1
organizations:
  contoso:
    AcceptedDomains: [{{DomainName: contoso.com}}]
    {more or "SendConnectors: []"}
    servers: {{mbx1: {{fqdn: mail.contoso.com, ip: 198.51.100.10}}}}
    recipients:
      {recipients}
"""


def found(recipients: str, name: str = "alice") -> DirectoryRecipient:
    """Load one recipient."""
    world = load_text(scenario(recipients), "s.yaml").topology
    recipient = world.mtas["mail.contoso.com"].config.organization.directory.find(
        Mailbox(name, "contoso.com")
    )
    assert recipient is not None
    return recipient


def faults(recipients: str, more: str = "") -> list[str]:
    """Return what is wrong."""
    with pytest.raises(ScenarioError) as raised:
        load_text(scenario(recipients, more), "s.yaml")
    return [str(each) for each in raised.value.diagnostics]


def test_the_three_views_of_a_list_are_one() -> None:
    """AcceptMessagesOnlyFrom, ...DLMembers and ...SendersOrMembers are views of the same list (Set-Mailbox)."""
    lists = "AcceptMessagesOnlyFrom: bob, AcceptMessagesOnlyFromDLMembers: team, "
    lists += "AcceptMessagesOnlyFromSendersOrMembers: [carol], RejectMessagesFrom: dan"
    limits = found(f"mailboxes: {{alice: {{{lists}}}}}").restrictions
    assert [each.local_part for each in limits.accept_only_from] == ["carol", "bob", "team"]
    assert [each.local_part for each in limits.reject_from] == ["dan"]


def test_unlimited_is_no_limit_of_its_own() -> None:
    """Unlimited leaves a limit to the organization."""
    limits = found("mailboxes: {alice: {MaxReceiveSize: unlimited, RecipientLimits: Unlimited}}").restrictions
    assert (limits.max_receive_size, limits.recipient_limits) == (None, None)


def test_rules_of_a_user_redirect() -> None:
    """Every address of an enabled rule; a disabled one redirects nobody."""
    rules = "InboxRules: [{RedirectTo: [bob, zoe@fabrikam.com]}, {RedirectTo: dan, Enabled: $false}]"
    redirects = found(f"mailboxes: {{alice: {{{rules}}}}}").redirects
    assert [str(each.to) for each in redirects] == ["bob@contoso.com", "zoe@fabrikam.com"]
    assert all(each.setting == "InboxRules" and each.keeps_copy for each in redirects)


def test_a_mail_user_may_lack_its_address_where_that_is_said() -> None:
    """``$null`` is an object whose address is missing; nothing written is a mistake."""
    assert found("mail_users: {alice: {ExternalEmailAddress: $null}}").target is None
    assert faults("mail_users: {alice: {City: Oslo}}") == [
        "s.yaml:8:27: organization 'contoso': MailUser 'alice': ExternalEmailAddress is missing; wanted an address"
    ]


def test_a_remote_domain_is_given_once() -> None:
    """Two objects for one domain are no configuration."""
    more = "RemoteDomains: [{DomainName: fabrikam.com}, {DomainName: Fabrikam.com, NDREnabled: $false}]"
    (fault,) = faults("mailboxes: [alice]", more)
    assert "remote domain 'fabrikam.com' is given twice" in fault


def test_a_rule_that_is_not_modelled_is_said() -> None:
    """ForwardTo makes a message of its own, which mailsim does not."""
    loaded = load_text(scenario("mailboxes: {alice: {InboxRules: [{ForwardTo: bob}]}}"), "s.yaml")
    assert ["ForwardTo is not modelled" in str(each) for each in loaded.warnings] == [True]


def test_attributes_bear_the_names_that_rules_use() -> None:
    """State is StateOrProvince in a recipient, Country is CountryOrRegion."""
    written = "StateOrProvince: LA, CountryOrRegion: US, CustomAttribute15: x, City: New Orleans"
    attributes = found(f"mailboxes: {{alice: {{{written}}}}}").attributes
    assert attributes == {"State": "LA", "Country": "US", "CustomAttribute15": "x", "City": "New Orleans"}


def test_what_nobody_reads_is_said() -> None:
    """Properties that are known and not modelled are accepted with a warning."""
    text = scenario("groups: {team: {Members: [bob], GrantSendOnBehalfTo: bob}}\n      mailboxes: [bob]")
    warnings = [str(each) for each in load_text(text, "s.yaml").warnings]
    assert any("GrantSendOnBehalfTo" in each for each in warnings)


@pytest.mark.parametrize(
    ("to", "warned"), [("bob@contoso.com", False), ("away@fabrikam.com", False), ("bbo@contoso.com", True)]
)
def test_nothing_for_nobody_says_nothing(to: str, warned: bool) -> None:
    """An address that neither a directory has nor a message is for is most likely misspelt."""
    text = scenario("mailboxes: [bob, alice]") + (
        "messages: {m1: {from: bob@contoso.com, to: [alice@contoso.com, away@fabrikam.com]}}\n"
        f"expect: {{m1: {{not_delivered: {to}}}}}\n"
    )
    warnings = [str(each) for each in load_text(text, "s.yaml").warnings]
    assert any("nobody has the address" in each for each in warnings) is warned
