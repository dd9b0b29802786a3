"""Certificates and versions of TLS as a scenario writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailsim.config.load import load_text
from mailsim.errors import ScenarioError
from mailsim.world.certificate import Eku, KeyType
from mailsim.world.distinguished_name import DistinguishedName
from mailsim.world.tls_version import TlsVersion, TlsVersions

HOST = "internet:\n  a.example: {{ip: 192.0.2.1, {said}}}\n"
SERVER = """\
organizations:
  contoso:
    AcceptedDomains: [{{DomainName: contoso.com}}]
    servers: {{mbx1: {{fqdn: mail.contoso.com, ip: 198.51.100.10, {said}}}}}
"""
CLOUD = (
    "exchange_online:\n  {said}\n  tenants: {{contoso: {{AcceptedDomains: [{{DomainName: contoso.com}}]}}}}\n"
)
CLIENT = "clients:\n  printer: {{ip: 192.0.2.9, server: 192.0.2.1, {said}}}\n" + HOST.replace(
    "{said}", "mailboxes: []"
)


def world_of(text: str):
    """Return the topology of a scenario."""
    return load_text(f"mailsim: 1\n{text}", "s.yaml").topology


def faults(text: str) -> list[str]:
    """Return the lines of everything that is wrong with a scenario."""
    with pytest.raises(ScenarioError) as raised:
        world_of(text)
    return [str(each) for each in raised.value.diagnostics]


def test_profiles_are_read() -> None:
    """Usage, key, subject and revocation of a certificate, key and subject of an authority."""
    world = world_of(
        'authorities: {digi: {subject: "CN=Digi CA, O=Digi Inc, C=US", key: rsa-2048}}\n'
        "certificates:\n"
        '  mail: {subject: "CN=mail.contoso.com, O=Contoso", authority: digi, eku: Server, key: RSA-1024,'
        " revoked_since: 2026-03-01}\n"
        "  plain: {names: [a.example, b.example]}\n" + HOST.format(said="certificate: mail")
    )
    authority, mail, plain = (
        world.authorities["digi"],
        world.certificates["mail"],
        world.certificates["plain"],
    )
    assert (authority.common_name, authority.key) == ("Digi CA", KeyType.RSA_2048)
    assert (mail.common_name, mail.names) == ("mail.contoso.com", ("mail.contoso.com",))
    assert mail.subject == DistinguishedName.parse("CN=mail.contoso.com, O=Contoso")
    assert (mail.eku, mail.key) == (Eku.SERVER, KeyType.RSA_1024)
    assert mail.revoked_since == datetime(2026, 3, 1, tzinfo=UTC)
    assert (plain.common_name, plain.subject, plain.eku, plain.key) == ("a.example", None, None, None)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('{subject: "O=Contoso", common_name: mail}', "subject O=Contoso; wanted CN=mail in it"),
        ('{subject: "CN=a.example", common_name: b.example}', "wanted CN=b.example in it"),
        ("{subject: Contoso}", "'Contoso' is no distinguished name: there is no attribute"),
        ("{subject: CN=a, C=USA}", "unknown key 'C=USA'"),
        ('{subject: "CN=a, C=USA"}', "C is not known, empty or too long"),
        ("{eku: servers}", "did you mean 'server'?"),
        ("{key: rsa-512}", "unknown value 'rsa-512'"),
        ("{authority: self-signed, revoked_since: 2026-01-01}", "nobody can revoke a self-signed one"),
    ],
)
def test_what_is_wrong_with_a_certificate(written: str, wanted: str) -> None:
    """A profile that contradicts itself is told at its line."""
    found = faults(f"certificates:\n  c: {written}\n" + HOST.format(said="certificate: c"))
    assert any(wanted in line and line.startswith("s.yaml:3") for line in found)


V10, V11, V12, V13 = TlsVersion


@pytest.mark.parametrize(
    ("text", "host", "usual"),
    [
        (HOST, "mx.a.example", TlsVersions()),
        (SERVER, "mail.contoso.com", TlsVersions(V12, V12)),
        (CLOUD, "Exchange Online", TlsVersions()),
        (CLIENT, "printer", TlsVersions()),
    ],
    ids=["internet", "server", "service", "client"],
)
def test_versions_of_tls(text: str, host: str, usual: TlsVersions) -> None:
    """Each host has its usual versions; a bound that is written alone takes the other one along where it must."""

    def spoken(**bounds: str) -> TlsVersions:
        separator = "\n  " if text is CLOUD else ", "
        said = separator.join(f"{name}_tls_version: {value}" for name, value in bounds.items())
        return world_of(text.format(said=said)).mtas[host].tls

    assert spoken() == usual
    assert spoken(min="1.0") == TlsVersions(V10, usual.highest)
    assert spoken(min="1.3") == TlsVersions(V13, V13)
    assert spoken(max="1.1") == TlsVersions(V11, V11)
    assert spoken(max="1.3") == TlsVersions(V12, V13)
    assert spoken(min="1.0", max="1.1") == TlsVersions(V10, V11)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            "min_tls_version: 1.3, max_tls_version: 1.2",
            "internet domain 'a.example': TLS 1.3 is above TLS 1.2",
        ),
        ("min_tls_version: 1.4", "unknown value '1.4'; wanted 1.0 or 1.1 or 1.2 or 1.3"),
    ],
)
def test_what_is_no_range_of_versions(said: str, wanted: str) -> None:
    """A range without a version, and a version that does not exist, are told at their line."""
    (line,) = faults(HOST.format(said=said))
    assert line.startswith("s.yaml:3")
    assert wanted in line
