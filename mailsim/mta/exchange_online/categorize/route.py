"""How a recipient leaves Exchange Online: by the connector that a rule names, by the one that serves it, or by MX.

Sources: "Set up connectors to route mail", "Conditional mail routing"; what is not routed any more because the tenant sent it
on too often is decided in ``loops``, with which sender it leaves in ``departure``.
"""

from __future__ import annotations

from dataclasses import replace

from mailsim.mta.exchange_online import defaults, headers, replies
from mailsim.mta.exchange_online.categorize import loops
from mailsim.mta.exchange_online.categorize.centralized import came_from_on_premises
from mailsim.mta.exchange_online.categorize.recipients import Addressee
from mailsim.mta.exchange_online.send.departure import depart, is_sent_on
from mailsim.mta.exchange_online.send.outbound_connector import OutboundConnector, leads_to
from mailsim.mta.exchange_online.send.selection import (
    Leaving,
    Named,
    choose_by_rule,
    choose_outbound_connector,
)
from mailsim.mta.exchange_online.send.send_assumptions import DISABLED_BY_RULE
from mailsim.mta.exchange_online.send.sending import relay_by
from mailsim.mta.kind import Copy, Hold, Item, PointOfView, Refuse
from mailsim.reason.check import Check, check
from mailsim.reason.choice import Choice
from mailsim.reason.decision import Decision, Reason


def route(at: PointOfView, item: Item, addressee: Addressee, because: tuple[Reason, ...]) -> Copy:
    """Send a recipient out by the outbound connector that serves it, or by the MX of its domain."""
    choice = choose_outbound_connector(at, _leaving(item, addressee))
    return _leave(at, item, addressee, choice.chosen, (*because, choice))


def rule_choice(addressee: Addressee) -> Choice[Named] | None:
    """Choose the connector that the rules for a recipient name; None where no rule names one."""
    return choose_by_rule(addressee.tenant, addressee.rules, addressee.recipient.path)


def route_by_rule(at: PointOfView, item: Item, addressee: Addressee) -> Copy | None:
    """Send a recipient out by the connector that the last rule for it names, mailboxes included.

    Returns:
        None where no rule names one that can be used, and mail does not wait for it.
    """
    choice = rule_choice(addressee)
    if choice is None:
        return None
    because = (*addressee.resolution.because, *(rule.because for rule in addressee.rules), choice)
    last = choice.candidates[-1]
    because = because if last.chosen else (*because, _passed_over(at, last.subject))
    if choice.chosen is None or not (last.chosen or at.assumed(DISABLED_BY_RULE) == DISABLED_BY_RULE.default):
        return _wait_for_connector(at, item, addressee, because)
    return _leave(at, item, addressee, choice.chosen.connector, because)


def unused(at: PointOfView, addressee: Addressee) -> tuple[Reason, ...]:
    """Return why no connector that rules name is used, for an explanation of the usual route."""
    choice = rule_choice(addressee)
    if choice is None or choice.chosen is not None:
        return ()
    return (choice, _passed_over(at, choice.candidates[-1].subject))


def _passed_over(at: PointOfView, named: Named) -> Check:
    """State what is assumed about mail whose last rule names a connector that cannot be used."""
    name = named.rule.route_message_outbound_connector
    decided = at.assumed(DISABLED_BY_RULE)
    return check(
        True,
        f"connector named by rule {named.rule.name!r}",
        saw=f"{name!r}, which cannot be used",
        cite=DISABLED_BY_RULE.cite(decided),
    )


def _wait_for_connector(
    at: PointOfView, item: Item, addressee: Addressee, because: tuple[Reason, ...]
) -> Copy | None:
    """Keep a recipient whose connector is disabled, where that is assumed."""
    if at.assumed(DISABLED_BY_RULE) == DISABLED_BY_RULE.default:
        return None
    expires = item.arrived + addressee.tenant.transport_config.message_expiration
    fate = Hold("Unreachable", replies.NO_CONNECTOR, expires, defaults.EXPIRED)
    question = f"route of {addressee.recipient.path}"
    decision = Decision(question, None, because, "waits for a connector")
    return Copy(envelope=addressee.envelope(item), message=item.message, fate=fate, because=decision)


def _leaving(item: Item, addressee: Addressee) -> Leaving:
    tenant = addressee.tenant
    return Leaving(tenant, addressee.recipient.path, came_from_on_premises(item, tenant))


def _leave(
    at: PointOfView,
    item: Item,
    addressee: Addressee,
    connector: OutboundConnector | None,
    because: tuple[Reason, ...],
) -> Copy:
    """Send a recipient out by a connector, or by the MX of its domain where there is none."""
    leaving, envelope = _leaving(item, addressee), addressee.envelope(item)
    question = f"route of {leaving.to}"
    message = headers.leave(at, item.message, leaving.tenant, connector)
    if leaving.outside and is_sent_on(addressee):
        guard = loops.may_pass(item.message, leaving.tenant)
        because = (*because, guard)
        if guard.failed:
            refused = Decision(question, None, because, "a loop")
            fate = Refuse(replies.too_many_hops(at.mta.fqdn))
            return Copy(envelope=envelope, message=item.message, fate=fate, because=refused)
        message = loops.mark(message, leaving.tenant)
    because = (*because, *((leads_to(connector, leaving.to.domain),) if connector else ()))
    leaves = depart(at, leaving, addressee, connector, item.context.judged)
    answer = f"connector {connector.name!r}" if connector else f"MX of {leaving.to.domain}"
    return Copy(
        envelope=replace(envelope, reverse_path=leaves.reverse_path),
        message=message,
        fate=relay_by(at, connector, leaving.to.domain, by_relay_pool=leaves.by_relay_pool),
        because=Decision(question, None, (*because, *leaves.because), answer),
    )
