"""The scenarios that are measured, as texts.

Called by the benchmarks, which load them like any other scenario: nothing here knows the inside of mailsim.
"""

from __future__ import annotations

from collections.abc import Iterator

START = "mailsim: 1\n"
EDGE = "mx.h{}.example"


def chain(hosts: int, messages: int, per_connection: int, *, bystanders: int = 0) -> str:
    """Return hosts in a row, each with the next one as smart host, and messages from the first to the last.

    Every hop wants a trusted certificate with the next host's name.

    Args:
        hosts: one more than there are hops.
        messages: all are handed in at the same instant.
        per_connection: messages that a host sends on one connection.
        bystanders: further hosts that nothing is sent to.
    """
    everyone = range(hosts + bystanders)
    lines = [START, "certificates:", *map(_certificate, everyone), "internet:"]
    for n in everyone:
        lines += _host(n)
        lines += ["    relay_from: [0.0.0.0/0]", f"    messages_per_connection: {per_connection}"]
        if n + 1 < hosts:
            following = EDGE.format(n + 1)
            lines += [f"    smart_hosts: [{following}]", "    tls: valid_name", f"    tls_name: {following}"]
    lines += ["messages:"]
    lines += [f"  m{n}: {{from: user@h0.example, to: user@h{hosts - 1}.example}}" for n in range(messages)]
    return "\n".join(lines) + "\n"


def crowd(hosts: int, csv: str) -> str:
    """Return a tenant whose mailboxes lie in a CSV, an Exchange server and internet hosts, ``hosts`` in all.

    Args:
        hosts: at least 3.
        csv: the file beside the scenario.
    """
    lines = [
        START,
        "certificates:\n  mail.northwind.com: {names: [mail.northwind.com]}",
        *map(_certificate, range(hosts - 2)),
        "organizations:\n  northwind:\n    AcceptedDomains: [{DomainName: northwind.com}]",
        "    servers: {mbx1: {fqdn: mail.northwind.com, ip: 198.51.100.10, certificate: mail.northwind.com}}",
        "exchange_online:\n  tenants:\n    contoso:",
        "      AcceptedDomains: [{DomainName: contoso.com}, {DomainName: contoso.onmicrosoft.com}]",
        f"      recipients: {{csv: {csv}}}",
        "internet:",
    ]
    for n in range(hosts - 2):
        lines += _host(n)
    return "\n".join(lines) + "\n"


def mailboxes(count: int) -> Iterator[str]:
    """Yield the lines of a CSV of mailboxes."""
    yield "address\n"
    for n in range(count):
        yield f"user{n}@contoso.com\n"


def _certificate(n: int) -> str:
    return f"  {EDGE.format(n)}: {{names: [{EDGE.format(n)}]}}"


def _host(n: int) -> list[str]:
    return [
        f"  h{n}.example:",
        f"    ip: 10.0.{n // 250}.{n % 250 + 1}",
        "    mailboxes: [user]",
        f"    certificate: {EDGE.format(n)}",
    ]
