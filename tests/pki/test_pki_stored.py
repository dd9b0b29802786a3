"""PEM files go out under safe names and come back as the same keys."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509

from mailsim.pki import Pki, StaleCertificate
from mailsim.pki.stored import file_stems, slug
from mailsim.world.certificate import AuthoritySpec


def test_export_names_its_files(pki_of, spec):
    """Each authority and each certificate gets its files; private CAs are not in ca.pem."""
    files = pki_of(spec(), spec("*.contoso.com")).export()
    assert sorted(files) == sorted(
        ["ca.pem", "public.ca.pem", "public.ca.key", "internal.ca.pem", "internal.ca.key"]
        + [f"{stem}.{end}" for stem in ("mail", "_wildcard.contoso.com") for end in ("pem", "crt", "key")]
    )
    assert files["ca.pem"] == files["public.ca.pem"]
    assert files["mail.pem"] == files["mail.key"] + files["mail.crt"]


def test_ca_pem_holds_every_public_authority():
    """An outside tool trusts all public CAs by one file, which is absent when there is none."""
    specs = [AuthoritySpec(name=name, common_name=name) for name in ("one", "two")]
    assert len(x509.load_pem_x509_certificates(Pki(specs, []).export()["ca.pem"])) == 2
    assert Pki([], []).export() == {}


def test_stored_keys_are_kept(pki_of, spec):
    """A Pki given its own export has the same authorities, certificates and keys."""
    specs = (spec(), spec("self", authority=None), spec("bare", names=()))
    first = pki_of(*specs)
    again = pki_of(*specs, stored=first.export())
    assert again.export() == first.export()
    assert again.presented("mail").chain == first.presented("mail").chain


def test_a_stored_authority_issues_new_certificates(pki_of, spec, summer):
    """A certificate added to the scenario is issued by the CA that clients already trust."""
    stored = pki_of(spec()).export()
    later = pki_of(spec(), spec("new"), stored=stored)
    assert later.export()["ca.pem"] == stored["ca.pem"]
    assert pki_of(spec(), stored=stored).judge(later.presented("new"), trusts=(), at=summer).trusted


def test_order_and_case_of_names_do_not_make_a_certificate_stale(pki_of, spec):
    """A description that lists the same names otherwise still fits."""
    stored = pki_of(spec(names=("a.example", "b.example"))).export()
    again = pki_of(spec(names=("B.example", "a.example")), stored=stored)
    assert again.export()["mail.crt"] == stored["mail.crt"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"common_name": "mx"}, "CN mail.contoso.com, wanted mx;"),
        ({"names": ("b.example", "a.example")}, "names mail.contoso.com, wanted a.example, b.example;"),
        ({"names": ()}, "names mail.contoso.com, wanted none;"),
        (
            {"not_after": datetime(2027, 1, 1, tzinfo=UTC)},
            "not after 2026-12-31 23:59:59 UTC, wanted 2027-01-01 00:00:00 UTC;",
        ),
        ({"authority": "internal"}, "not issued by the authority 'internal' as it is now;"),
        ({"authority": None}, "not self-signed;"),
    ],
)
def test_a_changed_description_makes_a_stored_certificate_stale(pki_of, spec, change, text):
    """What differs is told, and the files to delete; nothing is made silently in its place."""
    stored = pki_of(spec()).export()
    with pytest.raises(StaleCertificate) as raised:
        pki_of(spec(**change), stored=stored).credentials("mail")
    assert text in str(raised.value)
    assert str(raised.value).endswith("delete mail.crt and mail.key to have it made anew")


def test_a_lost_authority_makes_its_certificates_stale(pki_of, spec):
    """A stored certificate whose CA has to be made anew is not presented below the new one."""
    stored = pki_of(spec()).export()
    del stored["public.ca.pem"], stored["public.ca.key"]
    with pytest.raises(StaleCertificate, match="not issued by the authority 'public' as it is now"):
        pki_of(spec(), stored=stored).credentials("mail")


def test_a_renamed_authority_is_stale(pki_of):
    """A stored CA under another CN than described is refused."""
    stored = pki_of().export()
    renamed = AuthoritySpec(name="public", common_name="Other CA")
    with pytest.raises(StaleCertificate, match="CN 'Public CA', wanted 'Other CA'"):
        Pki([renamed], [], stored).export()


def test_a_host_certificate_is_not_taken_for_an_authority(pki_of, spec):
    """A stored file of the right CN that is no CA is refused before it signs anything."""
    stored = pki_of(spec(common_name="Public CA")).export()
    stored |= {"public.ca.pem": stored["mail.crt"], "public.ca.key": stored["mail.key"]}
    with pytest.raises(StaleCertificate, match=r"public\.ca\.pem is not the certificate of an authority"):
        pki_of(spec(), stored=stored).credentials("mail")


@pytest.mark.parametrize("ending", ["crt", "key"])
def test_half_a_pair_is_stale(pki_of, spec, ending):
    """A certificate without its key, or a key alone, is neither used nor overwritten."""
    stored = pki_of(spec()).export()
    del stored[f"mail.{ending}"]
    with pytest.raises(StaleCertificate, match=r"is stored, but not both mail\.crt and mail\.key"):
        pki_of(spec(), stored=stored).credentials("mail")


@pytest.mark.parametrize("file", ["mail.crt", "mail.key", "public.ca.pem", "public.ca.key"])
@pytest.mark.parametrize("content", [b"", b"-----BEGIN NONSENSE-----\n"])
def test_unreadable_files_are_stale(pki_of, spec, file, content):
    """A damaged file is named."""
    stored = pki_of(spec()).export() | {file: content}
    with pytest.raises(StaleCertificate, match=f"{file} holds no "):
        pki_of(spec(), stored=stored).credentials("mail")


def test_a_key_of_another_certificate_is_stale(pki_of, spec):
    """Two swapped key files are noticed before a handshake fails on them."""
    stored = pki_of(spec(), spec("other")).export()
    stored["mail.key"] = stored["other.key"]
    with pytest.raises(StaleCertificate, match=r"mail\.key is not the key of mail\.crt"):
        pki_of(spec(), stored=stored).credentials("mail")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("*.contoso.com", "_wildcard.contoso.com"),
        ("Contoso Internal CA", "Contoso-Internal-CA"),
        ("../../etc/passwd", "_.._.._etc_passwd"),
        ("C:\\temp", "C__temp"),
        ("..", "_.."),
        ("-rf", "_-rf"),
        ("", "_"),
        ("Zürich\n", "Z_rich_"),
    ],
)
def test_slugs_are_safe_file_names(name, safe):
    """No separator, no leading dot or dash, nothing outside ASCII."""
    assert slug(name) == safe


def test_no_two_names_share_a_file():
    """Names alike after spelling, after case, after cutting, and across kinds get different stems."""
    authorities = ["contoso", "My CA", "My-CA", "my ca", "x" * 200, "x" * 201]
    certificates = ["contoso.ca", "contoso", "Contoso", "ca", "CA", "a b", "a-b", "a/b", "a~2", "a_b"]
    of_authorities, of_certificates = file_stems(authorities, certificates)
    stems = [*of_authorities.values(), *of_certificates.values()]
    assert len({stem.lower() for stem in (*stems, "ca")}) == len(authorities) + len(certificates) + 1
    assert all(stem.endswith(".ca") for stem in of_authorities.values())


def test_stems_do_not_depend_on_the_order_of_the_scenario():
    """Names that collide keep their files when the scenario is rearranged; a plainly written one keeps its name."""
    assert file_stems([], ["a b", "a-b"]) == file_stems([], ["a-b", "a b"])
    assert file_stems([], ["a b", "a-b"])[1] == {"a-b": "a-b", "a b": "a-b~2"}


@pytest.mark.parametrize("names", [("mail.contoso.com",), ("*.contoso.com",)])
def test_openssl_agrees(tmp_path, pki_of, spec, names):
    """A TLS client that trusts ca.pem completes a handshake with mail.pem and verifies the host name."""
    dates = {
        "not_before": datetime(2000, 1, 1, tzinfo=UTC),
        "not_after": datetime(2999, 1, 1, tzinfo=UTC),
    }
    client = handshake(tmp_path, pki_of(spec(names=names, **dates)).export(), trusting="ca.pem")
    assert ("commonName", "mail.contoso.com") in [
        pair for rdn in client.getpeercert()["subject"] for pair in rdn
    ]


def test_openssl_refuses_what_ca_pem_does_not_hold(tmp_path, pki_of, spec):
    """A certificate of a private CA fails against ca.pem and passes against the private CA's file."""
    dates = {
        "not_before": datetime(2000, 1, 1, tzinfo=UTC),
        "not_after": datetime(2999, 1, 1, tzinfo=UTC),
    }
    files = pki_of(spec(authority="internal", **dates)).export()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, files, trusting="ca.pem")
    assert handshake(tmp_path, files, trusting="internal.ca.pem").version()


def handshake(tmp_path, files, *, trusting):
    """Let a verifying client meet a server that shows mail.pem, over memory; return the client's side."""
    (tmp_path / "mail.pem").write_bytes(files["mail.pem"])
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "mail.pem")
    asking = ssl.create_default_context(cadata=files[trusting].decode("ascii"))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    client = asking.wrap_bio(to_client, to_server, server_hostname="mail.contoso.com")
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client
