"""Every profile of a certificate: what is made, what is seen of it, and how its chain is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from conftest import INTERNAL, PUBLIC

from mailsim.pki import Pki, StaleCertificate
from mailsim.world.certificate import AuthoritySpec, Eku, KeyType, PublicKey, Role
from mailsim.world.distinguished_name import DistinguishedName

WHOLE = DistinguishedName.parse('CN=mail.contoso.com, O="Contoso, Ltd", L=Redmond, S=Washington, C=US')
AUTHORITIES = (
    PUBLIC,
    INTERNAL,
    AuthoritySpec(name="issuing", common_name="Issuing CA", issuer="public"),
    AuthoritySpec(name="weak", common_name="Weak CA", key=KeyType.RSA_1024),
    AuthoritySpec(name="weak issuing", common_name="Weak issuing CA", key=KeyType.RSA_1024, issuer="public"),
    AuthoritySpec(name="below weak", common_name="Strong issuing CA", issuer="weak"),
    AuthoritySpec(name="rsa", common_name="RSA CA", key=KeyType.RSA_2048),
)

VALID = "CN=mail.contoso.com, issued by CN=Public CA, which is trusted here"
PROFILES = [
    ("valid", {}, "Valid", VALID),
    (
        "expired",
        {"not_after": datetime(2026, 2, 1, tzinfo=UTC)},
        "Expired",
        "expired at 2026-02-01 00:00:00 UTC",
    ),
    (
        "not yet valid",
        {"not_before": datetime(2026, 8, 1, tzinfo=UTC)},
        "NotYetValid",
        "is not valid before 2026-08-01 00:00:00 UTC",
    ),
    ("wrong name", {"names": ("elsewhere.example",)}, "Valid", VALID),
    ("wildcard", {"names": ("*.contoso.com",)}, "Valid", VALID),
    ("several names", {"names": ("mail.contoso.com", "smtp.contoso.com")}, "Valid", VALID),
    (
        "private CA",
        {"authority": "internal"},
        "UntrustedRoot",
        "issued by CN=Contoso Internal CA, which is not",
    ),
    ("self-signed", {"authority": None}, "UntrustedRoot", "self-signed, which is not trusted here"),
    (
        "with intermediate",
        {"authority": "issuing"},
        "Valid",
        "issued by CN=Issuing CA, issued by CN=Public CA",
    ),
    (
        "missing intermediate",
        {"authority": "issuing", "sends_intermediates": False},
        "PartialChain",
        "issued by CN=Issuing CA, whose certificate was not sent",
    ),
    ("for clients only", {"eku": Eku.CLIENT}, "Valid", VALID),
    ("for e-mail only", {"eku": Eku.OTHER}, "Valid", VALID),
    ("weak key", {"key": KeyType.RSA_1024}, "Valid", VALID),
    ("by an RSA CA", {"authority": "rsa"}, "Valid", "issued by CN=RSA CA, which is trusted here"),
    (
        "weak root",
        {"authority": "weak"},
        "HasWeakSignature",
        "CN=Weak CA has an RSA key of 1024 bits, too weak to issue",
    ),
    (
        "weak issuer",
        {"authority": "weak issuing"},
        "HasWeakSignature",
        "CN=Weak issuing CA has an RSA key of 1024 bits, too weak to issue",
    ),
    ("below a weak root", {"authority": "below weak"}, "HasWeakSignature", "CN=Weak CA has an RSA key"),
    ("whole subject", {"subject": WHOLE}, "Valid", VALID),
    ("revoked", {"revoked_since": datetime(2026, 3, 1, tzinfo=UTC)}, "Valid", VALID),
]


each_profile = pytest.mark.parametrize("row", PROFILES, ids=[row[0] for row in PROFILES])


def pki_for(described, stored=None):
    """Return a Pki with the authorities that a certificate needs."""
    by_name = {each.name: each for each in AUTHORITIES}
    needed, above = [PUBLIC], by_name.get(described.authority)
    while above is not None and above not in needed:
        needed.append(above)
        above = by_name.get(above.issuer)
    return Pki(needed, [described], stored or {})


@each_profile
def test_chain_of_each_profile(spec, summer, row):
    """The chain of each profile is judged by path validation alone; names, usage, leaf key and revocation are not."""
    profile, change, reason, saw = row
    pki = pki_for(spec(profile, **change))
    verdict = pki.judge(pki.presented(profile), trusts=(), at=summer)
    assert verdict.reason == reason
    assert saw in verdict.saw


@each_profile
def test_each_profile_is_stored(spec, row):
    """Written as PEM files and read again, each profile is the same certificate."""
    profile, change, *_ = row
    described = spec(profile, **change)
    first = pki_for(described)
    again = pki_for(described, first.export())
    assert again.export() == first.export()
    assert again.presented(profile) == first.presented(profile)


def test_trust_of_a_private_ca_is_one_sided(spec, summer):
    """Who lists the private CA trusts it, who does not does not."""
    pki = Pki(AUTHORITIES, [spec(authority="internal")])
    seen = pki.presented("mail")
    reasons = [pki.judge(seen, trusts=trusts, at=summer).reason for trusts in ((), ("internal",))]
    assert reasons == ["UntrustedRoot", "Valid"]


def test_moving_the_clock_changes_the_answer(spec):
    """One certificate is not yet valid, valid, and expired, as time goes by."""
    described = spec()
    pki = Pki(AUTHORITIES, [described])
    instants = (
        described.not_before - timedelta(days=1),
        described.not_before,
        described.not_after + timedelta(days=1),
    )
    reasons = [pki.judge(pki.presented("mail"), trusts=(), at=at).reason for at in instants]
    assert reasons == ["NotYetValid", "Valid", "Expired"]


@pytest.mark.parametrize(
    ("eku", "server", "client"),
    [
        (None, True, True),
        (Eku.BOTH, True, True),
        (Eku.SERVER, True, False),
        (Eku.CLIENT, False, True),
        (Eku.NONE, True, True),
        (Eku.OTHER, False, False),
    ],
)
@pytest.mark.parametrize("authority", ["public", None])
def test_what_a_certificate_serves(spec, eku, server, client, authority):
    """ExtendedKeyUsage says what the key may be used for; without it, everything (RFC 5280 section 4.2.1.12)."""
    seen = Pki(AUTHORITIES, [spec(eku=eku, authority=authority)]).presented("mail")
    assert (seen.serves(Role.SERVER), seen.serves(Role.CLIENT)) == (server, client)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (None, "ECDSA 256"),
        (KeyType.ECDSA_P256, "ECDSA 256"),
        (KeyType.ECDSA_P384, "ECDSA 384"),
        (KeyType.RSA_2048, "RSA 2048"),
        (KeyType.RSA_1024, "RSA 1024"),
    ],
)
def test_kind_of_key(spec, key, shown):
    """The kind and size of the key is read from the certificate."""
    assert str(Pki(AUTHORITIES, [spec(key=key)]).presented("mail").key) == shown
    assert str(PublicKey("Ed25519", 0)) == "Ed25519"


def test_whole_subjects(spec):
    """Subject and issuer come out in RFC 4514 form, the most specific attribute first."""
    authority = AuthoritySpec(
        name="digi", common_name="Digi CA", subject=DistinguishedName.parse("CN=Digi CA, O=Digi Inc, C=US")
    )
    seen = Pki([authority], [spec(subject=WHOLE, authority="digi")]).presented("mail")
    assert seen.subject == r"CN=mail.contoso.com,O=Contoso\, Ltd,L=Redmond,ST=Washington,C=US"
    assert seen.issuer == "CN=Digi CA,O=Digi Inc,C=US"


def test_revocation_is_of_one_certificate(spec):
    """A revoked certificate is known by itself: one renewed under the same names is another."""
    when = datetime(2026, 3, 1, tzinfo=UTC)
    pki = Pki(AUTHORITIES, [spec("old", revoked_since=when), spec("renewed")])
    assert pki.revoked_since(pki.presented("old")) == when
    assert pki.revoked_since(pki.presented("renewed")) is None


def test_who_cannot_be_revoked_makes_no_key(spec):
    """Asking costs no key where nothing is ever revoked."""
    pki = Pki(AUTHORITIES, [spec("one"), spec("two")])
    assert pki.revoked_since(pki.presented("one")) is None
    assert list(pki._credentials) == ["one"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"key": KeyType.RSA_2048}, "key ECDSA 256, wanted RSA 2048;"),
        ({"eku": Eku.SERVER}, "eku both, wanted server;"),
        ({"eku": Eku.NONE}, "eku both, wanted none;"),
        (
            {"subject": WHOLE},
            "subject CN=mail.contoso.com,OU=Simulated hosts,O=mailsim, wanted CN=mail.contoso.com,",
        ),
    ],
)
def test_another_profile_makes_a_stored_certificate_stale(pki_of, spec, change, text):
    """A key, a usage or a subject that is written must be that of the stored certificate."""
    stored = pki_of(spec()).export()
    with pytest.raises(StaleCertificate) as raised:
        pki_of(spec(**change), stored=stored).credentials("mail")
    assert text in str(raised.value)


def test_what_is_left_open_fits_any_stored_certificate(pki_of, spec):
    """A certificate brought along may have any key and usage where the scenario does not say which."""
    stored = pki_of(spec(key=KeyType.RSA_2048, eku=Eku.SERVER)).export()
    assert str(pki_of(spec(), stored=stored).presented("mail").key) == "RSA 2048"


def test_another_key_makes_a_stored_authority_stale():
    """An authority whose key is written must have that key."""
    stored = Pki([PUBLIC], []).export()
    with pytest.raises(StaleCertificate, match="key ECDSA 256, wanted RSA 1024"):
        Pki([replace(PUBLIC, key=KeyType.RSA_1024)], [], stored).export()
