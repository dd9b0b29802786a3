"""From internet MTAs and client hosts of a scenario to MTAs."""

from __future__ import annotations

from mailsim.config.format import ClientText, InternetText
from mailsim.config.linking import Linking
from mailsim.config.names import address, mark_of
from mailsim.mail.sasl import Claim
from mailsim.mta.client import ClientConfig
from mailsim.mta.generic.config import GenericConfig
from mailsim.mta.relaying.tls_policy import TlsDemand
from mailsim.world.directory import Directory
from mailsim.world.topology import Mta


def link_internet(linking: Linking, domain: str, text: InternetText) -> Mta:
    """Return the internet MTA of a domain."""
    where, at = f"internet domain {domain!r}", mark_of(text.origin)
    fqdn = linking.domain(text.mx or f"mx.{domain}", at, where)
    boxes = (address(each, domain, linking.diagnostics, at, where) for each in text.mailboxes)
    config = GenericConfig(
        domains=frozenset(linking.domain(each, at, where) for each in (domain, *text.domains)),
        mailboxes=Directory(plain_mailboxes=[box.key for box in boxes if box is not None]),
        accepts_everyone=text.accepts_everyone,
        relay_from=text.relay_from,
        smart_hosts=text.smart_hosts,
        tls=TlsDemand[text.tls.name],
        tls_name=text.tls_name,
        asks_client_certificate=text.asks_client_certificate,
        size_limit=text.size_limit,
        messages_per_connection=text.messages_per_connection,
        origin=text.origin,
    )
    return Mta(
        id=fqdn,
        kind="generic",
        fqdn=fqdn,
        addresses=(text.ip,),
        ports=text.ports,
        names=frozenset({domain.lower()}),
        certificates=linking.uses(text.certificate, at, where),
        trusts=linking.trusts(text.trusts, at, where),
        tls=linking.tls(text, where),
        config=config,
        origin=text.origin,
    )


def link_client(linking: Linking, name: str, text: ClientText) -> Mta:
    """Return a host that only hands over mail."""
    where, at = f"client {name!r}", mark_of(text.origin)
    return Mta(
        id=name,
        kind="client",
        fqdn=linking.domain(text.fqdn or name, at, where),
        addresses=(text.ip,),
        ports=(),
        certificates=linking.uses(text.certificate, at, where),
        tls=linking.tls(text, where),
        config=ClientConfig(
            text.server,
            TlsDemand[text.tls.name],
            text.port,
            Claim(text.user, text.password) if text.user else None,
        ),
        origin=text.origin,
    )
