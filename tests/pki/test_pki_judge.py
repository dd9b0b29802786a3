"""Every reason for which a chain is trusted or not, in words an administrator understands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from mailsim.errors import Bug
from mailsim.pki import Pki, StaleCertificate, read_presented
from mailsim.pki import pki as pki_module
from mailsim.world.certificate import AuthoritySpec

SECOND = timedelta(seconds=1)


def test_a_public_authority_is_trusted_by_all(pki_of, spec, summer):
    """A chain to a public CA is valid without any configured trust."""
    pki = pki_of(spec())
    verdict = pki.judge(pki.presented("mail"), trusts=(), at=summer)
    assert (verdict.trusted, verdict.reason) == (True, "Valid")
    assert verdict.saw == "CN=mail.contoso.com, issued by CN=Public CA, which is trusted here"


def test_a_private_authority_is_trusted_by_those_that_say_so(pki_of, spec, summer):
    """The same certificate is valid where its CA is trusted and untrusted elsewhere."""
    pki = pki_of(spec(authority="internal"))
    seen = pki.presented("mail")
    assert pki.judge(seen, trusts={"internal"}, at=summer).reason == "Valid"
    verdict = pki.judge(seen, trusts=(), at=summer)
    assert (verdict.trusted, verdict.reason) == (False, "UntrustedRoot")
    assert verdict.saw == "CN=mail.contoso.com, issued by CN=Contoso Internal CA, which is not trusted here"


def test_self_signed_is_an_untrusted_root(pki_of, spec, summer):
    """A self-signed certificate is trusted by nobody, and is called self-signed."""
    pki = pki_of(spec(authority=None))
    verdict = pki.judge(pki.presented("mail"), trusts={"internal"}, at=summer)
    assert (verdict.trusted, verdict.reason) == (False, "UntrustedRoot")
    assert verdict.saw == "CN=mail.contoso.com, self-signed, which is not trusted here"


def test_without_any_authority_nothing_is_trusted(spec, summer):
    """A topology with no CA at all still gets an answer about a self-signed certificate."""
    pki = Pki([], [spec(authority=None)])
    assert pki.judge(pki.presented("mail"), trusts=(), at=summer).reason == "UntrustedRoot"


def test_validity_includes_its_first_and_last_second(pki_of, spec):
    """A certificate is valid from notBefore through notAfter, and the reason tells early from late."""
    described = spec()
    pki = pki_of(described)
    seen = pki.presented("mail")
    instants = {
        described.not_before - SECOND: "NotYetValid",
        described.not_before: "Valid",
        described.not_after: "Valid",
        described.not_after + SECOND / 2: "Valid",
        described.not_after + SECOND: "Expired",
    }
    assert {at: pki.judge(seen, trusts=(), at=at).reason for at in instants} == instants


def test_a_date_fault_says_which_certificate_and_when(pki_of, spec, summer):
    """The text names the certificate that is out of its validity and the date that was crossed."""
    pki = pki_of(spec())
    late = pki.judge(pki.presented("mail"), trusts=(), at=summer + timedelta(days=365))
    assert late.saw == (
        "CN=mail.contoso.com, issued by CN=Public CA, which is trusted here; "
        "CN=mail.contoso.com expired at 2026-12-31 23:59:59 UTC"
    )
    early = pki.judge(pki.presented("mail"), trusts=(), at=summer - timedelta(days=365))
    assert early.saw.endswith("; CN=mail.contoso.com is not valid before 2026-01-01 00:00:00 UTC")


def test_an_untrusted_root_comes_before_a_date(pki_of, spec, summer):
    """Of two faults the reason is the root, since renewing would not mend it, and the text tells both."""
    pki = pki_of(spec(authority=None))
    verdict = pki.judge(pki.presented("mail"), trusts=(), at=summer + timedelta(days=365))
    assert verdict.reason == "UntrustedRoot"
    assert verdict.saw == (
        "CN=mail.contoso.com, self-signed, which is not trusted here; "
        "CN=mail.contoso.com expired at 2026-12-31 23:59:59 UTC"
    )


def test_a_chain_with_its_intermediate_is_valid(pki_of, issued_through_intermediate, summer):
    """Leaf and intermediate as sent reach the trusted root, whatever the order behind the leaf."""
    pki = pki_of()
    leaf, intermediate = issued_through_intermediate(pki)
    root = x509.load_pem_x509_certificate(pki.export()["public.ca.pem"])
    root_der = root.public_bytes(Encoding.DER)
    for chain in [(leaf, intermediate), (leaf, intermediate, root_der), (leaf, root_der, intermediate)]:
        verdict = pki.judge(read_presented(chain), trusts=(), at=summer)
        assert verdict.reason == "Valid"
        assert verdict.saw == (
            "CN=mx.contoso.com, issued by OU=Issuing CA,O=Contoso, issued by CN=Public CA, "
            "which is trusted here"
        )


def test_a_missing_intermediate_is_named(pki_of, issued_through_intermediate, summer):
    """A peer that sends only its leaf is told which certificate it should have sent."""
    pki = pki_of()
    leaf, _ = issued_through_intermediate(pki)
    verdict = pki.judge(read_presented([leaf]), trusts=(), at=summer)
    assert (verdict.trusted, verdict.reason) == (False, "PartialChain")
    assert verdict.saw == (
        "CN=mx.contoso.com, issued by OU=Issuing CA,O=Contoso, whose certificate was not sent"
    )


def test_an_expired_leaf_below_an_intermediate_is_expired(pki_of, issued_through_intermediate, summer):
    """A complete chain to a trusted root with an old leaf is called Expired."""
    pki = pki_of()
    chain = issued_through_intermediate(pki, not_after=datetime(2025, 1, 1, tzinfo=UTC))
    assert pki.judge(read_presented(chain), trusts=(), at=summer).reason == "Expired"


def test_a_root_of_the_same_name_is_not_the_same_root(pki_of, spec, summer):
    """A certificate of another run names the same CA, but the CA of this run did not sign it."""
    stranger = pki_of(spec()).presented("mail")
    verdict = pki_of().judge(stranger, trusts=(), at=summer)
    assert verdict.reason == "PartialChain"
    assert verdict.saw == (
        "CN=mail.contoso.com, issued by CN=Public CA, which has another key here: it did not sign this"
    )


def test_a_foreign_root_that_was_sent_is_untrusted(pki_of, spec, summer, present):
    """A peer that sends its whole chain up to a root nobody here knows is untrusted, not partial."""
    foreign = pki_of(spec(authority="internal"))
    root = x509.load_pem_x509_certificate(foreign.export()["internal.ca.pem"])
    seen = present(*foreign.credentials("mail").chain, root)
    assert Pki([], []).judge(seen, trusts=(), at=summer).reason == "UntrustedRoot"


def test_a_host_cannot_act_as_authority(pki_of, spec, summer, present):
    """A chain through a certificate that is no CA is refused, and the text says so."""
    pki = pki_of(spec())
    host = pki.credentials("mail")
    forged = certificate_below(host.chain[0], host.key)
    verdict = pki.judge(present(forged, *host.chain), trusts=(), at=summer)
    assert (verdict.trusted, verdict.reason) == (False, "PartialChain")
    assert verdict.saw.endswith("; CN=mail.contoso.com is no certificate authority")


def test_a_complete_chain_that_is_refused_all_the_same_says_so(pki_of, summer, present):
    """A leaf signed in a way that path validation does not take is not called valid."""
    pki = pki_of()
    files = pki.export()
    root = x509.load_pem_x509_certificate(files["public.ca.pem"])
    odd = certificate_below(root, load_pem_private_key(files["public.ca.key"], None))
    verdict = pki.judge(present(odd), trusts=(), at=summer)
    assert (verdict.trusted, verdict.reason) == (False, "PartialChain")
    assert verdict.saw.endswith("; a key, a signature or a constraint in this chain is not acceptable")


def test_a_verdict_is_found_once_for_each_validity_interval(monkeypatch, pki_of, spec, summer):
    """Thousands of messages at different instants cost one path validation, and each interval its own."""
    pki = pki_of(spec())
    seen = pki.presented("mail")
    judged = []
    real = pki_module.judge_chain
    monkeypatch.setattr(pki_module, "judge_chain", lambda *a, **k: judged.append(k["at"]) or real(*a, **k))
    for minute in range(1000):
        assert pki.judge(seen, trusts=["internal"], at=summer + timedelta(minutes=minute)).trusted
    assert len(judged) == 1
    assert not pki.judge(seen, trusts=["internal"], at=summer + timedelta(days=365)).trusted
    assert len(judged) == 2


def test_time_zones_do_not_matter(pki_of, spec):
    """The same instant written in another zone gets the same verdict."""
    described = spec()
    pki = pki_of(described)
    tokyo = described.not_after.astimezone(timezone(timedelta(hours=9)))
    assert pki.judge(pki.presented("mail"), trusts=(), at=tokyo).reason == "Valid"
    assert pki.judge(pki.presented("mail"), trusts=(), at=tokyo + SECOND).reason == "Expired"


def test_certificates_without_end_can_be_judged(pki_of, spec, summer):
    """99991231235959Z, which means no expiry (rfc5280:4.1.2.5), is no overflow."""
    pki = pki_of(spec(not_after=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)))
    assert pki.judge(pki.presented("mail"), trusts=(), at=summer).reason == "Valid"


def test_judging_needs_a_chain_and_an_aware_time(pki_of, spec, summer):
    """A certificate without bytes and a naive time are faults of the caller."""
    pki = pki_of(spec())
    seen = pki.presented("mail")
    with pytest.raises(Bug, match="needs a chain"):
        pki.judge(replace(seen, chain=()), trusts=(), at=summer)
    with pytest.raises(Bug, match="aware time"):
        pki.judge(seen, trusts=(), at=summer.replace(tzinfo=None))


def certificate_below(issuer, key):
    """Issue a certificate signed with SHA-224, which no authority of the simulation would."""
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odd.example")]))
        .issuer_name(issuer.subject)
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .serial_number(x509.random_serial_number())
        .sign(key, hashes.SHA224())
    )


ISSUING = AuthoritySpec(name="issuing", common_name="Contoso Issuing CA", issuer="public")
ROOT = AuthoritySpec(name="public", common_name="Public CA")


def test_an_intermediate_is_sent_and_leads_to_the_root(spec, summer):
    """A host sends the certificates between its own and the root, and the path is whole."""
    pki = Pki([ROOT, ISSUING], [spec(authority="issuing")])
    seen = pki.presented("mail")
    assert len(seen.chain) == 2
    verdict = pki.judge(seen, trusts=(), at=summer)
    assert verdict.saw == (
        "CN=mail.contoso.com, issued by CN=Contoso Issuing CA, issued by CN=Public CA, which is trusted here"
    )


def test_a_leaf_without_its_intermediate_leads_nowhere(spec, summer):
    """The chain is judged as sent: an intermediate that the host keeps to itself is missing (KB 3212877)."""
    pki = Pki([ROOT, ISSUING], [spec(authority="issuing", sends_intermediates=False)])
    verdict = pki.judge(pki.presented("mail"), trusts=(), at=summer)
    assert (verdict.trusted, verdict.reason) == (False, "PartialChain")
    assert verdict.saw == (
        "CN=mail.contoso.com, issued by CN=Contoso Issuing CA, whose certificate was not sent"
    )


def test_an_intermediate_is_no_root(spec):
    """What clients are given to trust holds roots alone."""
    pki = Pki([ROOT, ISSUING], [spec(authority="issuing")])
    assert pki.export()["ca.pem"].count(b"BEGIN CERTIFICATE") == 1


def test_stored_chains_are_used_again(spec):
    """A chain that was exported with its intermediate is the same afterwards."""
    specs = ([ROOT, ISSUING], [spec(authority="issuing")])
    first = Pki(*specs)
    again = Pki(*specs, first.export())
    assert again.presented("mail").chain == first.presented("mail").chain


@pytest.mark.parametrize(
    ("now", "seen"),
    [
        (
            {"authorities": [ROOT, ISSUING], "sends_intermediates": False},
            "sent with 1 intermediates, wanted 0",
        ),
        (
            {
                "authorities": [
                    ROOT,
                    AuthoritySpec(name="other", common_name="Other CA"),
                    replace(ISSUING, issuer="other"),
                ]
            },
            "not issued by the authority 'other'",
        ),
    ],
    ids=["not sent any more", "another issuer"],
)
def test_a_stored_chain_that_is_described_otherwise_is_stale(spec, now, seen):
    """What was exported is never used for another description without a word."""
    files = Pki([ROOT, ISSUING], [spec(authority="issuing")]).export()
    authorities = now.pop("authorities")
    with pytest.raises(StaleCertificate, match=seen):
        Pki(authorities, [spec(authority="issuing", **now)], files).export()
