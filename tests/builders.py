"""Builders for tests: small topologies of internet MTAs with everything irrelevant defaulted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from mailsim.flow.pipeline import Pipeline
from mailsim.flow.spool import Submission
from mailsim.mail.address import Mailbox
from mailsim.mail.envelope import Envelope, Recipient
from mailsim.mail.message import Message
from mailsim.mta.generic.config import GenericConfig
from mailsim.mta.registry import Kinds
from mailsim.pki import Pki
from mailsim.trace.log import EventLog
from mailsim.world.certificate import AuthoritySpec, CertificateSpec
from mailsim.world.directory import Directory
from mailsim.world.dns import A, Mx, RecordSet, Zones
from mailsim.world.topology import CertificateUse, Mta, Topology

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def internet_mta(fqdn: str, address: str, *, certificate: bool = True, ports=(25,), **config) -> Mta:
    """Make an internet MTA; ``config`` goes to GenericConfig."""
    return Mta(
        id=fqdn,
        kind="generic",
        fqdn=fqdn,
        addresses=(IPv4Address(address),),
        ports=ports,
        certificates=(CertificateUse(fqdn),) if certificate else (),
        config=GenericConfig(**config),
    )


def zones(mx: dict | None = None, a: dict | None = None, *, ttl: int = 3600) -> Zones:
    """Make zones: ``mx`` maps a domain to pairs of preference and host, ``a`` a host to its addresses."""
    exchangers = (
        RecordSet(name, ttl, tuple(Mx(*each) for each in pairs)) for name, pairs in (mx or {}).items()
    )
    hosts = (RecordSet(name, ttl, tuple(map(A, addresses))) for name, addresses in (a or {}).items())
    return Zones.of((*exchangers, *hosts))


def topology(*mtas: Mta, mx: dict[str, str] | None = None) -> Topology:
    """Make a topology; ``mx`` maps domains to exchange hosts, every certificate is valid and public."""
    authority = AuthoritySpec(name="public", common_name="Example Public CA")
    names = {use.certificate for mta in mtas for use in mta.certificates}
    certificates = {
        name: CertificateSpec(
            name=name,
            common_name=name,
            names=(name,),
            authority="public",
            not_before=START - timedelta(days=30),
            not_after=START + timedelta(days=365),
        )
        for name in sorted(names)
    }
    return Topology(
        start=START,
        mtas={mta.id: mta for mta in mtas},
        zones=zones(
            {domain: [(0, host)] for domain, host in (mx or {}).items()},
            {mta.fqdn: mta.addresses for mta in mtas},
        ),
        authorities={"public": authority},
        certificates=certificates,
    )


def pipeline(world: Topology) -> Pipeline:
    """Make a run with an empty log."""
    return Pipeline(world, Kinds(), Pki(world.authorities.values(), world.certificates.values()), EventLog())


def submission(name: str, mta_id: str, sender: str, *recipients: str, body: str = "hello\r\n") -> Submission:
    """Make a message handed in at an MTA."""
    content = f"From: {sender}\r\nTo: {', '.join(recipients)}\r\nSubject: {name}\r\n\r\n{body}"
    return Submission(
        name=name,
        mta_id=mta_id,
        envelope=Envelope(
            reverse_path=Mailbox.parse(sender) if sender else None,
            recipients=tuple(Recipient(Mailbox.parse(to)) for to in recipients),
        ),
        message=Message.from_bytes(content.encode()),
        due=START,
    )


def two_mtas() -> Topology:
    """Make fabrikam.com and northwind.com, each with its MTA and people."""
    fabrikam = Directory(plain_mailboxes=["ann@fabrikam.com"])
    northwind = Directory(plain_mailboxes=["bob@northwind.com", "eve@northwind.com"])
    return topology(
        internet_mta(
            "mx.fabrikam.com", "192.0.2.20", domains=frozenset({"fabrikam.com"}), mailboxes=fabrikam
        ),
        internet_mta(
            "mx.northwind.com", "192.0.2.30", domains=frozenset({"northwind.com"}), mailboxes=northwind
        ),
        mx={"fabrikam.com": "mx.fabrikam.com", "northwind.com": "mx.northwind.com"},
    )
