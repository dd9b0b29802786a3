"""Certificates come out as they are described, and only when asked for."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from mailsim.errors import Bug
from mailsim.pki import Pki, issue
from mailsim.pki import pki as pki_module
from mailsim.world.certificate import AuthoritySpec


def test_nothing_is_made_before_it_is_asked_for(monkeypatch, pki_of, spec):
    """A Pki imports trustme when it issues the first certificate, and holds no key until then."""
    monkeypatch.delitem(sys.modules, "trustme", raising=False)
    pki = pki_of(spec())
    assert "trustme" not in sys.modules
    assert not pki._authorities
    assert not pki._credentials
    pki.credentials("mail")
    assert "trustme" in sys.modules


def test_only_the_authority_in_question_is_made(pki_of, spec):
    """A certificate of the public CA needs no key of the private one."""
    pki = pki_of(spec())
    pki.credentials("mail")
    assert list(pki._authorities) == ["public"]


def test_a_certificate_is_made_once(monkeypatch, pki_of, spec):
    """Asking twice gives the same key, chain and facts, and makes nothing the second time."""
    pki = pki_of(spec())
    first, seen = pki.credentials("mail"), pki.presented("mail")
    monkeypatch.delattr(pki_module, "make_credentials")
    assert pki.credentials("mail") is first
    assert pki.presented("mail") is seen


@pytest.mark.parametrize("authority", ["public", "internal", None])
@pytest.mark.parametrize(
    "names", [("mail.contoso.com", "*.contoso.com"), (), ("Mail.Contoso.com", "a_b.contoso.com", "192.0.2.1")]
)
def test_a_certificate_says_what_its_description_says(pki_of, spec, names, authority):
    """CN, SAN in order and spelling, and both dates come out exactly, whoever issues it."""
    described = spec(names=names, authority=authority)
    seen = pki_of(described).presented("mail")
    assert (seen.common_name, seen.names) == (described.common_name, described.names)
    assert (seen.not_before, seen.not_after) == (described.not_before, described.not_after)


@pytest.mark.parametrize(
    ("authority", "subject", "issuer"),
    [
        (
            "internal",
            "CN=mail.contoso.com,OU=Simulated hosts,O=mailsim",
            "CN=Contoso Internal CA",
        ),
        (None, "CN=mail.contoso.com", "CN=mail.contoso.com"),
    ],
)
def test_subjects_hold_nothing_random(pki_of, spec, authority, subject, issuer):
    """Subject and issuer follow from the description alone, so they may stand in traces."""
    seen = pki_of(spec(authority=authority)).presented("mail")
    assert (seen.subject, seen.issuer) == (subject, issuer)


@pytest.mark.parametrize("authority", ["public", None])
def test_keys_are_p256_and_fit_their_certificate(pki_of, spec, authority):
    """A host's key is ECDSA P-256 and the leaf alone is sent, never a root."""
    credentials = pki_of(spec(authority=authority)).credentials("mail")
    assert isinstance(credentials.key.curve, ec.SECP256R1)
    assert len(credentials.chain) == 1
    assert credentials.chain[0].public_key() == credentials.key.public_key()


def test_ordinary_names_go_to_trustme(spec):
    """Names that trustme would rewrite are recognised, and so is a certificate without SAN or CN."""
    ordinary = ["mail.contoso.com", "*.contoso.com", "mbx-1", "xn--caf-dma.example", "a1.b.2c"]
    others = ["Mail.contoso.com", "a_b.example", "192.0.2.1", "*", "", "-a.example", "a..b", "fe80::1"]
    assert all(issue.is_ordinary(spec(names=(name,))) for name in ordinary)
    assert not any(issue.is_ordinary(spec(names=(name,))) for name in others)
    assert not issue.is_ordinary(spec(names=()))


@pytest.mark.parametrize("year", [1980, 2000, 2049, 2050, 2100])
def test_authorities_are_valid_in_any_simulated_year(pki_of, spec, year):
    """A certificate of any year is valid then, because its authority is."""
    dates = {
        "not_before": datetime(year, 1, 1, tzinfo=UTC),
        "not_after": datetime(year, 12, 31, tzinfo=UTC),
    }
    pki = pki_of(spec(**dates))
    assert pki.judge(pki.presented("mail"), trusts=(), at=datetime(year, 6, 1, tzinfo=UTC)).trusted


def test_what_x509_cannot_hold_is_a_value_error(pki_of, spec):
    """A CN over 64 characters, a name outside ASCII and reversed dates are refused, not cut."""
    early = datetime(2020, 1, 1, tzinfo=UTC)
    faults = [{"common_name": "x" * 65}, {"names": ("café.example",)}, {"not_after": early}]
    for fault in faults:
        with pytest.raises(ValueError):
            pki_of(spec(**fault)).credentials("mail")


def test_unknown_names_are_bugs(pki_of, spec, summer):
    """A certificate, its authority or a trusted authority that nobody described is a fault of the caller."""
    pki = pki_of(spec(), spec("orphan", authority="nobody"))
    with pytest.raises(Bug, match="no certificate 'nothing'; there are 'mail', 'orphan'"):
        pki.credentials("nothing")
    with pytest.raises(Bug, match="no authority 'nobody'"):
        pki.presented("orphan")
    with pytest.raises(Bug, match="no authority 'nobody'"):
        pki.judge(pki.presented("mail"), trusts=["nobody"], at=summer)


def test_names_given_twice_are_bugs(spec):
    """Two descriptions of one name would hide one of them."""
    twice = AuthoritySpec(name="ca", common_name="One")
    with pytest.raises(Bug, match="authority 'ca' is described twice"):
        Pki([twice, twice], [])
    with pytest.raises(Bug, match="certificate 'mail' is described twice"):
        Pki([], [spec(), spec()])


def test_authorities_are_authorities(pki_of):
    """The CA certificate says that it is one, and that it signs certificates."""
    certificate = x509.load_pem_x509_certificate(pki_of().export()["internal.ca.pem"])
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
