"""``hybrid:`` written out: what the Hybrid Configuration Wizard creates, as the objects of an ordinary scenario.

Called by ``load`` before the scenario is bound, and by ``mailsim expand``. Works on nodes: what is generated has the mark of
the ``hybrid:`` section, or of the key in it that decides, so that explanations name this line; what the user wrote for an
object of the same name stays, property by property. MX records, the firewall and every other connector stay as they are,
as the wizard leaves them. Its remote domains are not written, nor what has no meaning here (organization relationships, the
HybridConfiguration object). Pure, but for a CSV of recipients that is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from mailsim.config import hybrid_objects as objects
from mailsim.config.bind import bind_what_is_right
from mailsim.config.diagnostic import Diagnostics
from mailsim.config.document import MappingNode, Mark, Node, ScalarNode, elements, is_absent
from mailsim.config.format import HybridText, ScenarioText
from mailsim.config.generated import (
    GeneratedMark,
    Setting,
    object_of,
    overridden,
    with_object,
    with_value,
)
from mailsim.config.hybrid_objects import Hybrid
from mailsim.config.hybrid_plan import plan_of_hybrid
from mailsim.config.hybrid_recipients import Rules, Side, match_recipients, read_side, written_side
from mailsim.config.names import mark_of
from mailsim.mta.exchange_online.config import Tenant
from mailsim.mta.exchange_server.config import Organization
from mailsim.reason.cite import Citation

MACRO = "hybrid"

Edit = Callable[[MappingNode], MappingNode]


def expand_hybrid(document: MappingNode, file: str, diagnostics: Diagnostics) -> MappingNode:
    """Return a scenario with its ``hybrid:`` sections written out.

    Args:
        document: the scenario as read; one without ``hybrid:`` is returned as it is.
        file: its name, for a CSV beside it.
        diagnostics: gets what the wizard could not do.

    Returns:
        The scenario without ``hybrid:``. A section with a fault is left out, the others are written.
    """
    key = next((name for name, _ in document if name.text == MACRO), None)
    if key is None:
        return document
    sections = tuple(_sections(document.get(MACRO), key))
    document = document.without(MACRO)
    for section in sections:
        document = _expand_one(document, section, key.mark, file, diagnostics)
    return document


def _sections(node: Node | None, key: ScalarNode) -> Iterator[Node]:
    """Yield each section; ``hybrid:`` with nothing behind it is one with every default."""
    if node is None or is_absent(node):
        yield MappingNode((), key.mark)
    else:
        yield from elements(node)


def _expand_one(
    document: MappingNode, section: Node, at: Mark, file: str, diagnostics: Diagnostics
) -> MappingNode:
    before = diagnostics.error_count
    said = bind_what_is_right(section, HybridText, diagnostics, where=MACRO)
    lost = Diagnostics()
    seen = bind_what_is_right(document, ScenarioText, lost, where="")
    if said is None or seen is None or diagnostics.error_count > before:
        return document
    plan = plan_of_hybrid(said, seen, at, lost, diagnostics)
    if plan is None or not isinstance(section, MappingNode):
        return document
    wizard = _Wizard(
        plan=plan, said=said, section=section, at=at, seen=seen, file=file, diagnostics=diagnostics
    )
    return wizard.written(document)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wizard:
    """Writes the objects of one section into a scenario.

    Args:
        plan: what is written.
        said: the section.
        section: the same as a node, for what the administrator changed.
        at: the line of ``hybrid:``.
        seen: the scenario as far as it could be read.
        file: its name.
        diagnostics: gets every fault.
    """

    plan: Hybrid
    said: HybridText
    section: MappingNode
    at: Mark
    seen: ScenarioText
    file: str
    diagnostics: Diagnostics

    def written(self, document: MappingNode) -> MappingNode:
        """Return the scenario with every object."""
        organization = ("organizations", self.plan.organization)
        tenant = ("exchange_online", "tenants", self.plan.tenant)
        document = _edited(document, organization, self._organization)
        document = _edited(document, tenant, self._tenant)
        return self._with_recipients(document, organization, tenant)

    # --- objects ------------------------------------------------------------------------------------------

    def _organization(self, node: MappingNode) -> MappingNode:
        plan = self.plan
        domain = self._object(objects.coexistence_domain(plan), objects.LOG)
        send = self._object(objects.send_connector(plan), objects.LOG, "send_connector")
        node = with_object(node, "AcceptedDomains", domain, named="DomainName")
        node = with_object(node, "SendConnectors", send)
        for server in plan.servers:
            node = _edited(node, ("servers", server), partial(self._server, server))
        return node

    def _server(self, name: str, node: MappingNode) -> MappingNode:
        """Return a server with its Receive connector; the wizard changes one that is there, and creates none."""
        settings = objects.receive_connector(self.plan, name, node.text("fqdn") or "")
        cite = objects.EDGE if self.plan.edge else objects.LOG
        generated = self._object(settings, cite, "receive_connector")
        listed = node.get_any_case("ReceiveConnectors")
        written = with_object(node, "ReceiveConnectors", generated)
        before = len(elements(listed)) if listed is not None else 0
        after = written.get_any_case("ReceiveConnectors")
        if before and after is not None and len(elements(after)) > before:
            problem = f"hybrid: server {name!r} has no Receive connector {generated.text('Name')!r}"
            self.diagnostics.error(
                listed, problem, wanted="the one that the wizard changes, by its name at least"
            )
        return written

    def _tenant(self, node: MappingNode) -> MappingNode:
        plan = self.plan
        domain = self._object(objects.coexistence_domain_online(plan), objects.WIZARD)
        inbound = self._object(objects.inbound_connector(plan), objects.LOG, "inbound_connector")
        outbound = self._object(objects.outbound_connector(plan), objects.LOG, "outbound_connector")
        node = with_object(node, "AcceptedDomains", domain, named="DomainName")
        node = with_object(node, "InboundConnectors", inbound)
        return with_object(node, "OutboundConnectors", outbound)

    def _object(self, settings: tuple[Setting, ...], cite: Citation, changed: str = "") -> MappingNode:
        generated = object_of(settings, lambda key: self._mark(cite, key))
        return overridden(generated, self.section.get(changed))

    def _mark(self, cite: Citation, key: str = "") -> GeneratedMark:
        """Return the place of a key of the section, or of the section itself."""
        origin = self.said.origin
        written = origin is not None and key in origin.properties
        place = (mark_of(origin, key) if written else None) or self.at
        return GeneratedMark(place.file, place.line, place.column, MACRO, cite)

    # --- recipients ---------------------------------------------------------------------------------------

    def _with_recipients(
        self, document: MappingNode, organization: tuple[str, ...], tenant: tuple[str, ...]
    ) -> MappingNode:
        """Return the scenario with the addresses of the policy and the counterparts of synchronisation."""
        here = self._side(document, organization, self._owner())
        there = self._side(document, tenant, self._tenant_owner())
        mark = self._mark(objects.ROUTING, "synchronize")
        rules = Rules(
            domains=frozenset(self.plan.domains),
            coexistence_domain=self.plan.coexistence_domain,
            not_synchronized=frozenset(each.lower() for each in self.said.not_synchronized),
            synchronize=self.said.synchronize,
            policy=self._mark(objects.POLICY),
            synchronization=mark,
            groups=self._mark(objects.SYNCHRONIZED, "synchronize"),
        )
        match_recipients(here, there, rules)
        for path, side in ((organization, here), (tenant, there)):
            recipients = written_side(_node_at(document, (*path, "recipients")), side, mark)
            if recipients.items:
                edit = partial(with_value, key="recipients", value=recipients, mark=mark)
                document = _edited(document, path, edit)
        return document

    def _side(self, document: MappingNode, path: tuple[str, ...], owner: Organization | Tenant) -> Side:
        return read_side(
            _node_at(document, (*path, "recipients")),
            owner.default_domain,
            cache(partial(_accepts, owner, self.plan.coexistence_domain)),
            self.file,
            self.diagnostics,
        )

    def _owner(self) -> Organization:
        name = self.plan.organization
        return Organization(name=name, accepted_domains=self.seen.organizations[name].accepted_domains)

    def _tenant_owner(self) -> Tenant:
        name, online = self.plan.tenant, self.seen.exchange_online
        return Tenant(name=name, accepted_domains=online.tenants[name].accepted_domains if online else ())


def _accepts(owner: Organization | Tenant, coexistence_domain: str, domain: str) -> bool:
    return domain == coexistence_domain or owner.accepted(domain) is not None


def _node_at(node: Node | None, path: tuple[str, ...]) -> Node | None:
    for key in path:
        node = node.get_any_case(key) if isinstance(node, MappingNode) else None
    return node


def _edited(node: MappingNode, path: tuple[str, ...], edit: Edit) -> MappingNode:
    """Return a mapping with the mapping at a path in it changed; what is no mapping is left for binding to report."""
    if not path:
        return edit(node)
    child = node.get_any_case(path[0])
    if not isinstance(child, MappingNode):
        return node
    return with_value(node, path[0], _edited(child, path[1:], edit), child.mark)
