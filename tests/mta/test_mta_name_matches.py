"""Whether a name in a certificate is the one that was wanted."""

from __future__ import annotations

import pytest

from mailsim.mta.relaying.tls_policy import TlsDemand, name_matches


@pytest.mark.parametrize(
    ("wanted", "presented", "matches"),
    [
        ("mail.contoso.com", "mail.contoso.com", True),
        ("Mail.Contoso.com", "MAIL.contoso.COM", True),
        ("mail.contoso.com", "contoso.com", False),
        # RFC 6125 section 6.4.3: a wildcard stands for exactly one label
        ("mail.contoso.com", "*.contoso.com", True),
        ("a.mail.contoso.com", "*.contoso.com", False),
        ("contoso.com", "*.contoso.com", False),
        ("contoso", "*.", False),
        # Set-SendConnector, New-InboundConnector: *.contoso.com may be wanted
        ("*.contoso.com", "mail.contoso.com", True),
        ("*.contoso.com", "*.contoso.com", True),
        ("*.contoso.com", "contoso.com", False),
        ("*.contoso.com", "a.mail.contoso.com", False),
        ("*.contoso.com", "*.mail.contoso.com", False),
        ("*.mail.contoso.com", "*.contoso.com", False),
        ("", "mail.contoso.com", False),
        ("mail.contoso.com", "", False),
        ("mail.protection.outlook.com", "mail.protection.outlook.com", True),
    ],
)
def test_names(wanted, presented, matches):
    """Case does not matter and a wildcard is one label, on either side."""
    assert name_matches(wanted, presented) is matches


@pytest.mark.parametrize(
    ("demand", "mandatory", "verified"),
    [
        (TlsDemand.NEVER, False, False),
        (TlsDemand.OPPORTUNISTIC, False, False),
        (TlsDemand.ENCRYPTED, True, False),
        (TlsDemand.VALID_CHAIN, True, True),
        (TlsDemand.VALID_NAME, True, True),
    ],
)
def test_what_the_demands_mean(demand, mandatory, verified):
    """From encryption on clear text is out of the question; from the chain on certificates are judged."""
    assert (demand.mandatory, demand.verified) == (mandatory, verified)
