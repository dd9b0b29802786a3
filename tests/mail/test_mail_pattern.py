"""Domain patterns; whether a wildcard covers its own domain is the caller's to say."""

from __future__ import annotations

import pytest

from mailsim.mail.pattern import DomainPattern


@pytest.mark.parametrize(
    ("pattern", "domain", "with_apex", "without"),
    [
        ("contoso.com", "contoso.com", True, True),
        ("contoso.com", "eu.contoso.com", False, False),
        ("Contoso.COM", "contoso.com", True, True),
        # Send connectors in Exchange Server: *.contoso.com is the domain and all subdomains
        ("*.contoso.com", "contoso.com", True, False),
        ("*.contoso.com", "eu.contoso.com", True, True),
        ("*.contoso.com", "a.eu.contoso.com", True, True),
        ("*.contoso.com", "notcontoso.com", False, False),
        ("*", "contoso.com", True, True),
        ("*", "[192.0.2.1]", True, True),
        ("*.com", "contoso.com", True, True),
    ],
)
def test_coverage(pattern, domain, with_apex, without):
    """An exact pattern covers one domain, a wildcard all below it, the star everything."""
    parsed = DomainPattern.parse(pattern)
    assert parsed.covers(domain, apex=True) is with_apex
    assert parsed.covers(domain, apex=False) is without


@pytest.mark.parametrize(
    "text", ["", "*contoso.com", "a.*.contoso.com", "**", "*.", "*.*", "a b", "[192.0.2.1]"]
)
def test_what_is_no_pattern(text):
    """An embedded wildcard is refused, as New-SendConnector and New-OutboundConnector do."""
    with pytest.raises(ValueError):
        DomainPattern.parse(text)


def test_the_more_specific_is_larger():
    """Exact before longest wildcard before star (Connector selection in external message routing, step 3)."""
    texts = ["*", "*.com", "*.contoso.com", "com", "contoso.com", "eu.contoso.com"]
    assert sorted(texts, key=lambda text: DomainPattern.parse(text).specificity) == texts


@pytest.mark.parametrize("text", ["*", "*.contoso.com", "contoso.com"])
def test_patterns_are_written_as_read(text):
    """A pattern is shown as an administrator writes it."""
    assert str(DomainPattern.parse(text)) == text
