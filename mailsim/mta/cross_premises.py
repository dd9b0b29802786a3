"""Cross-premises headers: how Exchange Server and Exchange Online carry an organization's own headers between them.

Both products do the same on either side: a connector with CloudServicesMailEnabled turns ``Organization-X`` fields
into ``CrossPremises-X`` on the way out; a trusted session turns them back on the way in, replacing what was there.
Everywhere else the header firewall strips the organization's fields.

Sources: Set-SendConnector and Set-InboundConnector (CloudServicesMailEnabled), "Header firewall"; the marker fields
are observed in published headers.
"""

from __future__ import annotations

from mailsim.mail.message import HeaderField, Message, header_field

ORGANIZATION = "X-MS-Exchange-Organization-"
CROSS_PREMISES = "X-MS-Exchange-CrossPremises-"
FOREST = "X-MS-Exchange-Forest-"

# the suffixes seen on mail between the two sides; what else is carried is not documented
CARRIED = (
    "AuthAs",
    "AuthMechanism",
    "AuthSource",
    "SCL",
    "OriginalArrivalTime",
    "OriginalSize",
    "Network-Message-Id",
    "TransportTrafficType",
    "MessageSource",
)
_CARRIED = frozenset(suffix.lower() for suffix in CARRIED)


def auth_as(message: Message) -> str:
    """Return who authored the message in Exchange's word: Internal, Anonymous, Partner, External or empty."""
    return message.value(ORGANIZATION + "AuthAs")


def stamp(message: Message, *, auth_as: str, source: str) -> Message:
    """Write down who authored a message and who says so, replacing earlier stamps."""
    stamps = (ORGANIZATION + "AuthAs", ORGANIZATION + "AuthSource")
    dropped = {name.lower() for name in stamps}
    return message.without(lambda name: name in dropped).with_top(
        header_field(stamps[1], source), header_field(stamps[0], auth_as)
    )


def submitted(message: Message) -> Message:
    """Strip what a mailbox may not write into the header of its messages."""
    return _without_cross_premises(without_organization(message))


def leave(message: Message, *, preserve: bool, server: str) -> Message:
    """Prepare a message that leaves the organization.

    Args:
        message: as it stands in the spool.
        preserve: CloudServicesMailEnabled of the connector it leaves by.
        server: the FQDN written into the markers.
    """
    if preserve:
        carried = tuple(
            _renamed(field, ORGANIZATION, CROSS_PREMISES) for field in _carried(message, ORGANIZATION)
        )
        marker = header_field("X-OrganizationHeadersPreserved", server)
        return _without_cross_premises(without_organization(message)).with_top(marker, *carried)
    stripped = without_organization(message)
    kept = _without_cross_premises(stripped)
    if kept is stripped:
        return stripped
    return kept.with_top(header_field("X-CrossPremisesHeadersFilteredBySendConnector", server))


def arrive(
    message: Message, *, trusted: bool, server: str, promoted: HeaderField, kept: tuple[str, ...] = ()
) -> Message:
    """Apply the header firewall to a message that arrives.

    Args:
        message: as received.
        trusted: whether the session may bring cross-premises headers.
        server: the FQDN written into the marker of filtered headers.
        promoted: the marker this product adds when it promotes.
        kept: ``ORGANIZATION`` and ``FOREST`` where the session may bring such fields itself.
    """
    carried = tuple(_carried(message, CROSS_PREMISES))
    clean = without_organization(message, kept)
    without = _without_cross_premises(clean)
    if trusted and carried:
        new = [_renamed(field, CROSS_PREMISES, ORGANIZATION) for field in carried]
        replaced = {field.name.lower() for field in new}
        return without.without(lambda name: name in replaced).with_top(promoted, *new)
    if without is clean:
        return clean
    return without.with_top(header_field("X-CrossPremisesHeadersFiltered", server))


def brought(message: Message) -> tuple[HeaderField, ...]:
    """Return the cross-premises fields of a message."""
    low = CROSS_PREMISES.lower()
    return tuple(field for field in message.header if field.name.lower().startswith(low))


def _carried(message: Message, prefix: str) -> list[HeaderField]:
    low = prefix.lower()
    return [
        field
        for field in message.header
        if field.name.lower().startswith(low) and field.name.lower().removeprefix(low) in _CARRIED
    ]


def _renamed(field: HeaderField, old: str, new: str) -> HeaderField:
    return HeaderField(new.encode() + field.raw[len(old) :])


def without_organization(message: Message, kept: tuple[str, ...] = ()) -> Message:
    """Strip the organization's own fields, as the header firewall does, except those with a prefix that is kept."""
    own = tuple(prefix.lower() for prefix in (ORGANIZATION, FOREST) if prefix not in kept)
    return message.without(lambda name: name.startswith(own)) if own else message


def _without_cross_premises(message: Message) -> Message:
    return message.without(lambda name: name.startswith(CROSS_PREMISES.lower()))
