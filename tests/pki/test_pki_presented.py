"""What is read from the bytes that a peer sent."""

from __future__ import annotations

from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from mailsim.pki import read_presented
from mailsim.world.certificate import Role


def test_a_peer_that_sends_nothing_presents_nothing():
    """No certificate is an answer, not an error."""
    assert read_presented([]) is None


def test_prediction_and_wire_see_the_same(pki_of, spec):
    """The facts read from the DER on the wire equal those the core predicts with."""
    pki = pki_of(spec(names=("mail.contoso.com", "*.contoso.com")))
    wire = [link.public_bytes(Encoding.DER) for link in pki.credentials("mail").chain]
    assert read_presented(wire) == pki.presented("mail")
    assert read_presented(wire).chain == tuple(wire)


def test_keys_of_any_kind_are_read(present):
    """A certificate with another key than RSA or ECDSA is read too; its key has a name and no size."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.contoso.com")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, datetime(2026, 1, 1), datetime(2027, 1, 1))
        .add_extension(x509.ExtendedKeyUsage([ObjectIdentifier("1.3.6.1.5.5.7.3.17")]), critical=False)
        .sign(key, None)
    )
    seen = present(made)
    assert (str(seen.key), seen.usages) == ("Ed25519", ("1.3.6.1.5.5.7.3.17",))
    assert not seen.serves(Role.SERVER)


def test_reading_is_memoised(pki_of, spec):
    """The same bytes are decoded once."""
    wire = list(pki_of(spec()).presented("mail").chain)
    assert read_presented(wire) is read_presented(list(wire))


@pytest.mark.parametrize("broken", [b"", b"not DER", b"\x30\x03\x02\x01\x01"])
def test_bytes_that_are_no_certificate_are_refused(pki_of, spec, broken):
    """A chain that cannot be decoded is a ValueError which says where it is broken."""
    leaf = pki_of(spec()).presented("mail").chain[0]
    with pytest.raises(ValueError, match="certificate 2 of the chain cannot be read"):
        read_presented([leaf, broken])
    with pytest.raises(ValueError, match="certificate 1 of the chain cannot be read"):
        read_presented([broken])
