"""Versions of TLS and profiles of certificates: what is predicted is what happens on the wire, in both directions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from builders import START, submission, two_mtas
from live_runs import observed, of_type, predicted

from mailsim.errors import UnsupportedError
from mailsim.live import worker
from mailsim.live.tls import is_spoken
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.trace.events import Closed, Deferred, Delivered, NotSecured, Secured
from mailsim.world.certificate import Eku, KeyType
from mailsim.world.tls_version import TlsVersion, TlsVersions

V10, V11, V12, V13 = TlsVersion
USUAL = TlsVersions()
SPOKEN = [each for each in TlsVersion if is_spoken(each)]  # without those that this machine's OpenSSL lacks
RANGES = [TlsVersions(low, high) for low, high in product(SPOKEN, repeat=2) if low.value <= high.value]


def world_of(*, client=USUAL, server=USUAL, demand=TlsDemand.OPPORTUNISTIC, **profile):
    """Return fabrikam.com, which sends, and northwind.com, which asks for certificates, with other settings."""
    made = two_mtas()
    sender, receiver = made.mtas.values()
    sender = replace(sender, tls=client, config=replace(sender.config, tls=demand))
    receiver = replace(receiver, tls=server, config=replace(receiver.config, asks_client_certificate=True))
    certificates = {name: replace(spec, **profile) for name, spec in made.certificates.items()}
    return replace(made, mtas={each.id: each for each in (sender, receiver)}, certificates=certificates)


def same(world, *, until=None):
    """Hold prediction and live run equal and return the events."""
    mail = submission("m1", "mx.fabrikam.com", "ann@fabrikam.com", "bob@northwind.com")
    expected = predicted(world, mail)
    assert observed(world, mail) == expected
    return expected


@pytest.mark.parametrize("client", RANGES, ids=str)
def test_version_follows_from_both_ranges(client):
    """The highest version that both ends speak is used, over sockets as predicted; without one the handshake fails."""
    for server in RANGES:
        events = same(world_of(client=client, server=server))
        agreed = client.agreed(server)
        seen = {what.version for what in of_type(events, Secured)}
        assert seen == ({agreed.shown} if agreed else set())
        assert len(of_type(events, NotSecured)) == (0 if agreed else 2)
        assert len(of_type(events, Delivered)) == 1


@pytest.mark.parametrize(
    ("client", "server"),
    [(TlsVersions(V13, V13), TlsVersions(V12, V12)), (TlsVersions(V12, V12), TlsVersions(V13, V13))],
    ids=["client too new", "server too new"],
)
def test_both_ends_tell_of_a_failed_handshake(client, server):
    """Both ends write down the versions of both, the client first; an opportunistic sender then goes on in clear text."""
    events = same(world_of(client=client, server=server))
    words = f"the handshake failed: no common version, the client speaks {client}, the server {server}"
    told = [(event.mta, event.what.cause) for event in events if isinstance(event.what, NotSecured)]
    assert told == [("mx.fabrikam.com", words), ("mx.northwind.com", words)]
    assert [what.cause for what in of_type(events, Closed)] == ["closed by the client without QUIT", ""]
    assert len(of_type(events, Delivered)) == 1


def test_no_common_version_where_tls_is_demanded():
    """A sender that demands TLS keeps the message, and never sends it in clear text."""
    world = world_of(client=TlsVersions(V13, V13), server=TlsVersions(V12, V12), demand=TlsDemand.ENCRYPTED)
    events = same(world)
    assert of_type(events, Deferred)[0].last_error.lines == ("TLS is required, but no common version of TLS",)
    assert not any(event.mta == "mx.northwind.com" for event in events if isinstance(event.what, Delivered))


def test_what_this_machine_cannot_speak(monkeypatch):
    """A version of TLS that OpenSSL has no more is named with its host before anything listens."""
    monkeypatch.setattr(worker, "is_spoken", lambda version: version is not V10)
    with pytest.raises(UnsupportedError, match=r"does not speak TLS 1\.0, which mx\.northwind\.com should"):
        observed(world_of(server=TlsVersions(V10, V12)))


PROFILES = {
    "valid": {},
    "expired": {"not_after": START - timedelta(days=1)},
    "not yet valid": {"not_before": START + timedelta(days=1)},
    "wrong name": {"common_name": "elsewhere.example", "names": ("elsewhere.example",)},
    "wildcard": {"common_name": "*.northwind.com", "names": ("*.northwind.com",)},
    "self-signed": {"authority": None},
    "for clients": {"eku": Eku.CLIENT},
    "for servers": {"eku": Eku.SERVER},
    "for anything": {"eku": Eku.NONE},
    "for e-mail": {"eku": Eku.OTHER},
    "weak": {"key": KeyType.RSA_1024},
    "RSA": {"key": KeyType.RSA_2048},
    "P-384": {"key": KeyType.ECDSA_P384},
    "revoked": {"revoked_since": START},
}


@pytest.mark.parametrize("demand", [TlsDemand.ENCRYPTED, TlsDemand.VALID_CHAIN], ids=lambda each: each.name)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_gets_through_the_handshake(profile, demand):
    """Any certificate is shown by both ends on the wire as predicted, and judged by the sender alone."""
    events = same(world_of(demand=demand, **PROFILES[profile]))
    shown = of_type(events, Secured)
    assert {what.end for what in shown} >= {"client"}
    assert all(what.peer is not None for what in shown)


@pytest.mark.parametrize("profile", ["weak", "RSA", "P-384", "for e-mail"])
@pytest.mark.parametrize("version", SPOKEN, ids=lambda each: each.value)
def test_every_key_in_every_version(profile, version):
    """Each kind of key makes a handshake in each version."""
    only = TlsVersions(version, version)
    events = same(world_of(client=only, server=only, **PROFILES[profile]))
    assert {what.version for what in of_type(events, Secured)} == {version.shown}
