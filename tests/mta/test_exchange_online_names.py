"""How names of certificates and lists of addresses are read.

Sources: New-InboundConnector (TlsSenderCertificateName), Set-HostedConnectionFilterPolicy (IPAllowList, IPBlockList).
"""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest
from exchange_worlds import inbound

from mailsim.mta.exchange_online.receive.address_range import AddressRange
from mailsim.mta.exchange_online.receive.certificate_name import parse_certificate_name
from mailsim.world.certificate import PresentedCertificate
from mailsim.world.distinguished_name import read_name

DAY = datetime(2026, 1, 5, tzinfo=UTC)


def presented(
    common_name: str, *names: str, issuer: str = "CN=Geo Trust,O=DigiCert\\, Inc.,C=US"
) -> PresentedCertificate:
    """Make what a peer shows."""
    return PresentedCertificate(
        subject=f"CN={common_name}",
        common_name=common_name,
        names=names,
        issuer=issuer,
        not_before=DAY,
        not_after=DAY,
        chain=(),
    )


@pytest.mark.parametrize(
    ("text", "name", "domain", "by_subject"),
    [
        ("mail.contoso.com", "mail.contoso.com", "mail.contoso.com", False),
        ("*.Contoso.com", "*.contoso.com", "contoso.com", False),
        ("", "", "", False),
        ("<I>CN=CA<S>CN=Mail.contoso.com", "mail.contoso.com", "mail.contoso.com", True),
        ("<I>CN=CA, O=X<S>C=US, O=Contoso, CN=*.contoso.com", "*.contoso.com", "contoso.com", True),
        ('<i>CN=CA<s>O="Contoso, Ltd.", CN=mail.contoso.com', "mail.contoso.com", "mail.contoso.com", True),
    ],
)
def test_the_forms_of_a_certificate_name(text, name, domain, by_subject):
    """A host, a wildcard, and the X.509 form, of which the subject's CN is the name."""
    read = parse_certificate_name(text)
    assert (read.name, read.domain, read.by_subject) == (name, domain, by_subject)


def test_a_subject_without_a_name_is_refused():
    """The X.509 form names somebody, or the connector is refused as a whole."""
    with pytest.raises(ValueError, match="no CN in its subject"):
        inbound(names="<I>CN=CA<S>O=Contoso")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=CA, O=X, C=US", "C=us,O=x,CN=ca"),
        ('CN=CA, O="DigiCert, Inc."', "O=DigiCert\\, Inc.,CN=CA"),
        ("CN=CA, S=Washington", "CN=CA,ST=Washington"),
        ('O="The ""Best"" CA"', 'O=The \\"Best\\" CA'),
    ],
)
def test_distinguished_names_are_compared_by_what_they_say(one, other):
    """Windows and RFC 4514 write names in another order, with other quotes and another word for the state."""
    assert read_name(one).compared == read_name(other).compared
    assert read_name(one).compared != read_name("CN=Other").compared


@pytest.mark.parametrize(
    ("wanted", "common_name", "names", "ignored", "compared"),
    [
        ("mail.contoso.com", "mail.contoso.com", (), True, True),
        ("mail.contoso.com", "x.example", ("mail.contoso.com",), True, True),
        ("<I>CN=Geo Trust<S>CN=mail.contoso.com", "mail.contoso.com", (), True, False),
        (
            '<I>CN=Geo Trust, O="DigiCert, Inc.", C=US<S>CN=mail.contoso.com',
            "mail.contoso.com",
            (),
            True,
            True,
        ),
        # the X.509 form has a subject, no alternative names
        ("<I>CN=Geo Trust<S>CN=mail.contoso.com", "x.example", ("mail.contoso.com",), False, False),
        ("<I>CN=Geo Trust<S>CN=mail.contoso.com", "", ("mail.contoso.com",), False, False),
        ("<I>CN=Geo Trust<S>CN=*.contoso.com", "*.contoso.com", (), True, False),
        ("", "mail.contoso.com", (), False, False),
    ],
)
def test_which_certificate_bears_a_name(wanted, common_name, names, ignored, compared):
    """Domains are looked for in CN and SAN, the X.509 form in the CN; whether its issuer counts is an assumption."""
    read, shown = parse_certificate_name(wanted), presented(common_name, *names)
    assert read.is_borne_by(shown, same_issuer=False) is ignored
    assert read.is_borne_by(shown, same_issuer=True) is compared


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.5-192.0.2.9", "192.0.2.9", "192.0.2.10"),
        ("192.0.2.5 - 9", "192.0.2.5", "192.0.2.4"),
        ("192.0.2.200-192.0.3.10", "192.0.3.1", "192.0.3.11"),
    ],
)
def test_ranges_of_addresses(text, inside, outside):
    """One address, a CIDR, a range in full or short form."""
    addresses = AddressRange.parse(text)
    assert IPv4Address(inside) in addresses
    assert IPv4Address(outside) not in addresses
    assert AddressRange.parse(str(addresses)) == addresses


@pytest.mark.parametrize(
    "text", ["192.0.2.0/23", "192.0.2.0-192.0.3.0", "192.0.2.9-192.0.2.5", "x", "", "::1"]
)
def test_ranges_that_the_cmdlets_refuse(text):
    """More than 256 addresses, none, IPv6, or nothing that is an address."""
    with pytest.raises(ValueError):
        AddressRange.parse(text)


def test_internal_by_headers_or_without_them():
    """TreatMessagesAsInternal and CloudServicesMailEnabled exclude each other."""
    with pytest.raises(ValueError, match="wanted one of the two"):
        inbound(treat_messages_as_internal=True, cloud_services_mail_enabled=True)
