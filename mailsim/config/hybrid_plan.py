"""What the wizard was told: ``hybrid:`` held against the scenario, and everything that has only one answer inferred.

Called by ``hybrid`` for each section. What is impossible for the real wizard too is an error at the line that says it: an
organization that is not there, a certificate that is private, expired or not on the servers, no domain that both sides
accept. Sources: "Hybrid deployment prerequisites", "Certificate requirements for hybrid deployments"; the names of the
certificate follow the wizard's logs and "Office 365 message attribution".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, TypeVar

from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import Mark
from mailsim.config.format import HybridText, OrganizationText, ScenarioText, ServerText, TenantText
from mailsim.config.hybrid_objects import Hybrid
from mailsim.config.link_certificates import link_authorities, link_certificates
from mailsim.config.link_world import START
from mailsim.config.names import mark_of, require_known
from mailsim.mail.address import parse_domain
from mailsim.mta.exchange_server.organization_server import Role
from mailsim.world.certificate import AuthoritySpec, CertificateSpec

SERVICE_DOMAIN = ".onmicrosoft.com"
COEXISTENCE_DOMAIN = ".mail.onmicrosoft.com"
LONGEST_CERTIFICATE_NAME = 256
"""Of ms-Exch-Smtp-TLS-Certificate, in characters (certificate-requirements)."""

_WANTED = {Role.EDGE: "Edge servers", Role.MAILBOX: "Mailbox servers, or edge: instead"}
_OTHER = {Role.EDGE: "a Mailbox server", Role.MAILBOX: "an Edge server"}

T = TypeVar("T")


class _GivenUpError(Exception):
    """The section cannot be carried out; the reason stands in the diagnostics."""


def plan_of_hybrid(
    said: HybridText, seen: ScenarioText, at: Mark, lost: Diagnostics, diagnostics: Diagnostics
) -> Hybrid | None:
    """Decide what the wizard does.

    Args:
        said: the section.
        seen: the rest of the scenario, as far as it could be read.
        at: the line of ``hybrid:``.
        lost: knows what could not be read, which is reported elsewhere.
        diagnostics: gets every fault.

    Returns:
        Everything decided; None when something could not be.
    """
    try:
        return _Planner(said, seen, at, lost, diagnostics).plan()
    except _GivenUpError:
        return None


@dataclass(slots=True)
class _Planner:
    said: HybridText
    seen: ScenarioText
    at: Mark
    lost: Diagnostics
    diagnostics: Diagnostics

    def plan(self) -> Hybrid:
        name, organization = self._organization()
        tenant_name, tenant = self._tenant(name)
        servers = self._servers(name, organization)
        domains = self._domains(name, organization, tenant_name, tenant)
        certificate, authority = self._certificate(servers)
        return Hybrid(
            organization=name,
            tenant=tenant_name,
            organization_guid=self.said.organization_guid or guid_of("organization", name),
            tenant_guid=self.said.tenant_guid or guid_of("tenant", tenant_name),
            domains=domains,
            coexistence_domain=self._coexistence_domain(tenant_name, tenant),
            certificate_name=certificate.common_name,
            tls_certificate_name=self._certificate_name(certificate, authority),
            tls_sender_certificate_name=self._sender_name(certificate.common_name, tenant_name, tenant),
            servers=tuple(servers),
            edge=bool(self.said.edge),
            smart_host=self._smart_host(servers),
            centralized=self.said.centralized,
        )

    # --- who ----------------------------------------------------------------------------------------------

    def _organization(self) -> tuple[str, OrganizationText]:
        return self._chosen("organization", self.said.organization, self.seen.organizations)

    def _tenant(self, organization: str) -> tuple[str, TenantText]:
        tenants = self.seen.exchange_online.tenants if self.seen.exchange_online else {}
        wanted = self.said.tenant or (organization if organization in tenants else "")
        return self._chosen("tenant", wanted, tenants)

    def _chosen(self, what: str, wanted: str, among: Mapping[str, T]) -> tuple[str, T]:
        """Return the object that is named, or the only one."""
        if wanted:
            self._require(wanted, among, what)
            found = [(name, value) for name, value in among.items() if name.lower() == wanted.lower()]
            return self._only(found)
        if len(among) != 1:
            seen = f"there are {len(among)}: {', '.join(among)}" if among else f"there is no {what}"
            problem = f"{what} is not given, and {seen}"
            self._fail(what, problem, f"{what}: which one", perhaps_lost=not among)
        return self._only(list(among.items()))

    def _servers(self, name: str, organization: OrganizationText) -> dict[str, ServerText]:
        """Return the servers that carry hybrid mail: as written, else every Mailbox server."""
        key = "edge" if self.said.edge else "servers"
        if self.said.edge and self.said.servers:
            self._fail("edge", "servers and edge are both given", wanted="Mailbox servers or Edge servers")
        role = Role.EDGE if self.said.edge else Role.MAILBOX
        of_role = (name for name, server in organization.servers.items() if server.role is role)
        chosen = self.said.edge or self.said.servers or tuple(of_role)
        for each in chosen:
            self._require(each, organization.servers, f"organization {name!r}: server", key)
        by_name = {each.lower(): each for each in organization.servers}
        found = {by_name[each.lower()]: organization.servers[by_name[each.lower()]] for each in chosen}
        if not found:
            problem = f"organization {name!r} has no Mailbox server"
            self._fail(key, problem, "one that carries hybrid mail", perhaps_lost=True)
        for server, text in found.items():
            if text.role is not role:
                self._fail(key, f"server {server!r} is {_OTHER[role]}", wanted=_WANTED[role])
        return found

    # --- domains ------------------------------------------------------------------------------------------

    def _domains(
        self, name: str, organization: OrganizationText, tenant_name: str, tenant: TenantText
    ) -> tuple[str, ...]:
        """Return the domains to share; each must be accepted on both sides."""
        here = [str(each.domain_name) for each in organization.accepted_domains]
        there = [each.domain_name.lower() for each in tenant.accepted_domains]
        for domain in self.said.domains:
            self._require(domain, here, f"organization {name!r}: accepted domain", "domains")
            self._require(domain, there, f"tenant {tenant_name!r}: accepted domain", "domains")
        common = tuple(each for each in here if each in there and not each.endswith(SERVICE_DOMAIN))
        if not common and not self.said.domains:
            seen = f"organization {name!r} accepts {_listed(here)}, tenant {tenant_name!r} {_listed(there)}"
            problem = f"no accepted domain in common: {seen}"
            self._fail("domains", problem, "a domain on both sides", perhaps_lost=True)
        return tuple(each.lower() for each in self.said.domains) or common

    def _coexistence_domain(self, name: str, tenant: TenantText) -> str:
        """Return the domain by which on-premises reaches the tenant: as written, else made of the initial domain."""
        there = [each.domain_name.lower() for each in tenant.accepted_domains]
        written = [each for each in there if each.endswith(COEXISTENCE_DOMAIN)]
        initial = [each.removesuffix(SERVICE_DOMAIN) for each in there if each.endswith(SERVICE_DOMAIN)]
        try:
            return parse_domain((written or [f"{(initial or [name])[0]}{COEXISTENCE_DOMAIN}"])[0])
        except ValueError:
            wanted = f"its initial domain <name>{SERVICE_DOMAIN} among the accepted domains"
            self._fail("tenant", f"tenant {name!r} has no coexistence domain", wanted)

    def _smart_host(self, servers: Mapping[str, ServerText]) -> str:
        if not self.said.smart_host and len(servers) > 1:
            wanted = "smart_host: the name by which the tenant reaches them"
            self._fail("smart_host", f"smart_host is not given, and there are {len(servers)} servers", wanted)
        return self.said.smart_host or next(iter(servers.values())).fqdn.lower()

    # --- certificate --------------------------------------------------------------------------------------

    def _certificate(self, servers: Mapping[str, ServerText]) -> tuple[CertificateSpec, AuthoritySpec]:
        """Return the certificate; the wizard takes only one that is public, valid and on every server."""
        start = self.seen.start or datetime.fromisoformat(START)
        authorities = link_authorities(self.seen, Diagnostics())
        known = link_certificates(self.seen, authorities, start, Diagnostics())
        used = {name: _uses(server) for name, server in servers.items()}
        name = self.said.certificate or self._inferred(used)
        self._require(name, known, "certificate")
        spec = next(each for key, each in known.items() if key.lower() == name.lower())
        for server, uses in used.items():
            if spec.name not in uses:
                seen = f"certificate {spec.name!r} is not on server {server!r}, which has {_listed(uses)}"
                self._fail("certificate", seen, wanted="one that is on every server with hybrid mail")
        wanted = "a certificate of a public authority"
        if spec.authority is None:
            self._fail("certificate", f"certificate {spec.name!r} is self-signed", wanted)
        authority = authorities.get(spec.authority)
        if authority is None or not authority.public:
            seen = f"certificate {spec.name!r} is of the private authority {spec.authority!r}"
            self._fail("certificate", seen, wanted)
        if not spec.not_before <= start < spec.not_after:
            seen = f"certificate {spec.name!r} is not valid at the start, {start:%Y-%m-%d %H:%M}"
            self._fail("certificate", seen, wanted="one that is")
        return spec, authority

    def _inferred(self, used: Mapping[str, tuple[str, ...]]) -> str:
        """Return the certificate that every server uses at the start."""
        first = {uses[0] for uses in used.values() if uses}
        without = [server for server, uses in used.items() if not uses]
        if without:
            self._fail("certificate", f"server {without[0]!r} has no certificate", wanted="a public one")
        if len(first) > 1:
            seen = f"certificate is not given, and the servers use {_listed(sorted(first))}"
            self._fail("certificate", seen, wanted="one that is on every server with hybrid mail")
        return first.pop()

    def _certificate_name(self, spec: CertificateSpec, authority: AuthoritySpec) -> str:
        name = f"<I>{authority.distinguished_name}<S>{spec.distinguished_name}"
        if len(name) > LONGEST_CERTIFICATE_NAME:
            seen = f"TlsCertificateName would have {len(name)} characters: {name}"
            self._fail("certificate", seen, wanted=f"at most {LONGEST_CERTIFICATE_NAME}")
        return name

    def _sender_name(self, name: str, tenant_name: str, tenant: TenantText) -> str:
        """Return the certificate's name for the tenant.

        A host name that is no accepted domain itself is written as the wildcard of the accepted domain above it (ms:
        message-attribution; a log shows both forms). The wizard warns where neither is accepted (KB 4019940).
        """
        accepted = [each.domain_name.lower() for each in tenant.accepted_domains]
        name = name.lower()
        above = name.partition(".")[2]
        if name.startswith("*.") or name in accepted:
            bare = name.removeprefix("*.")
            found = name
        else:
            bare = above
            found = f"*.{above}" if above in accepted else name
        if bare not in accepted:
            self.diagnostics.warning(
                self._mark("certificate"),
                f"hybrid: certificate name {name} belongs to no accepted domain of tenant {tenant_name!r}",
                wanted=f"a name in {_listed(accepted)}; else mail with a foreign or empty sender is not relayed",
            )
        return found

    # --- faults -------------------------------------------------------------------------------------------

    def _require(self, name: str, known: Iterable[str], what: str, key: str = "") -> None:
        """Want a name that something bears; give up where nothing does."""
        names = list(known)
        if self.lost.lost(name) and name.lower() not in {each.lower() for each in names}:
            raise _GivenUpError
        at = self._mark(key or what)
        if not require_known(name, names, self.diagnostics, at, f"hybrid: {what}"):
            raise _GivenUpError

    def _only(self, found: list[T]) -> T:
        if not found:
            raise _GivenUpError
        return found[0]

    def _fail(self, key: str, problem: str, wanted: str, *, perhaps_lost: bool = False) -> NoReturn:
        """Report what the wizard could not do, unless what is missed may be among what could not be read."""
        if not (perhaps_lost and self.lost.error_count):
            self.diagnostics.error(self._mark(key), f"hybrid: {problem}", wanted=wanted)
        raise _GivenUpError

    def _written(self, key: str) -> bool:
        return self.said.origin is not None and key in self.said.origin.properties

    def _mark(self, key: str) -> Mark:
        return (mark_of(self.said.origin, key) if self._written(key) else None) or self.at


def guid_of(kind: str, name: str) -> str:
    """Return a GUID that the same name always gets."""
    digest = hashlib.sha256(f"{kind} {name.lower()}".encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def _uses(server: ServerText) -> tuple[str, ...]:
    """Return the certificates that a server has, in order of time."""
    if isinstance(server.certificate, str):
        return (server.certificate,) if server.certificate else ()
    return tuple(use.use for use in sorted(server.certificate, key=lambda use: use.since))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
