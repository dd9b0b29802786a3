"""Builders for certificates that default everything a test does not speak about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mailsim.pki import Pki, read_presented
from mailsim.world.certificate import AuthoritySpec, CertificateSpec

PUBLIC = AuthoritySpec(name="public", common_name="Public CA")
INTERNAL = AuthoritySpec(name="internal", common_name="Contoso Internal CA", public=False)


@pytest.fixture
def spec():
    """Return a function that describes a certificate valid in the year 2026."""

    def describe(name="mail", **changes):
        described = {
            "name": name,
            "common_name": "mail.contoso.com",
            "names": ("mail.contoso.com",),
            "authority": "public",
            "not_before": datetime(2026, 1, 1, tzinfo=UTC),
            "not_after": datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
        }
        return CertificateSpec(**{**described, **changes})

    return describe


@pytest.fixture
def pki_of():
    """Return a function that makes a Pki of certificates under one public and one private authority."""

    def make(*specs, stored=None):
        return Pki((PUBLIC, INTERNAL), specs, stored or {})

    return make


@pytest.fixture
def summer():
    """Return an instant inside the validity that ``spec`` gives."""
    return datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def issued_through_intermediate():
    """Return a function that issues below an intermediate of a Pki's public CA: (leaf, intermediate) as DER."""

    def issue(pki, **dates):
        files = pki.export()
        root = trustme.CA.from_pem(files["public.ca.pem"], files["public.ca.key"])
        intermediate = trustme.CA(root, organization_name="Contoso", organization_unit_name="Issuing CA")
        leaf = intermediate.issue_cert(
            "mx.contoso.com",
            common_name="mx.contoso.com",
            organization_name="Contoso",
            organization_unit_name="Mail",
            **dates,
        )
        pems = [pem.bytes() for pem in leaf.cert_chain_pems]
        return tuple(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) for pem in pems)

    return issue


@pytest.fixture
def present():
    """Return a function that reads what a peer would send of these certificates."""

    def read(*certificates):
        return read_presented([certificate.public_bytes(Encoding.DER) for certificate in certificates])

    return read
