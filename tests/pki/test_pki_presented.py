"""What is read from the bytes that a peer sent."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from mailsim.pki import read_presented


def test_a_peer_that_sends_nothing_presents_nothing():
    """No certificate is an answer, not an error."""
    assert read_presented([]) is None


def test_prediction_and_wire_see_the_same(pki_of, spec):
    """The facts read from the DER on the wire equal those the core predicts with."""
    pki = pki_of(spec(names=("mail.contoso.com", "*.contoso.com")))
    wire = [link.public_bytes(Encoding.DER) for link in pki.credentials("mail").chain]
    assert read_presented(wire) == pki.presented("mail")
    assert read_presented(wire).chain == tuple(wire)


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
