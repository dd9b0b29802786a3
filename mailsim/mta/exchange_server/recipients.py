"""Who the recipients of a message are in an Exchange organization: resolution, expansion, and who is nobody.

Sources: "Recipient resolution in Exchange Server", "Accepted domains in Exchange Server".
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.mta.exchange_server.accepted_domain import DomainType
from mailsim.mta.exchange_server.config import organization_of
from mailsim.mta.exchange_server.inside import expands_elsewhere
from mailsim.mta.kind import Item, PointOfView
from mailsim.mta.resolution import Resolution, Resolver
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented

RESOLUTION = documented("ms:recipient-resolution", "Recipient resolution in Exchange Server")


def resolutions(at: PointOfView, item: Item) -> Iterator[Resolution]:
    """Yield everybody whom the recipients of a message stand for."""
    organization = organization_of(at)
    resolver = Resolver(
        organization.directory,
        owner=organization.name,
        default_domain=organization.default_domain,
        elsewhere=lambda found: expands_elsewhere(at, found),
        cite=RESOLUTION,
    )
    for recipient in item.envelope.recipients:
        yield from resolver.resolve(recipient, item.envelope.reverse_path)


def not_found(at: PointOfView, resolution: Resolution) -> tuple[Check, ...]:
    """Hold against a recipient that is not in the directory that its domain is authoritative."""
    if resolution.ended_at is not None:
        return ()
    domain = resolution.recipient.path.domain
    accepted = organization_of(at).accepted(domain)
    return (
        check(
            accepted is None or accepted.domain_type is not DomainType.AUTHORITATIVE,
            f"DomainType of {domain}",
            saw=accepted.domain_type.value if accepted else "not an accepted domain",
            wanted="a known recipient, or a domain that is not Authoritative",
            cite=RESOLUTION,
            source=str(accepted.origin or "") if accepted else "",
        ),
    )
