"""Run transport rules over the recipients of a message.

Conditions about a recipient hold for each recipient by itself, so a message is forked where they differ. Sources:
"Mail flow rule procedures", New-TransportRule.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.mta.rules.rule import RuleMode, RuleState, TransportRule
from mailsim.mta.setting import is_on
from mailsim.mta.unmodelled import unmodelled
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.order import Evaluated, run_in_order
from mailsim.world.directory import DirectoryRecipient

RULES = documented("ms:new-transportrule", "conditions and actions of mail flow rules")


def rules_for(
    rules: tuple[TransportRule, ...], recipient: DirectoryRecipient | None
) -> tuple[Evaluated[TransportRule], ...]:
    """Evaluate every rule for one recipient, in order of priority.

    Args:
        rules: all rules of the tenant, in priority order.
        recipient: the directory object, None for somebody outside.
    """
    return run_in_order(
        rules,
        name=lambda rule: rule.name,
        checks=lambda rule: (
            *_takes_part(rule),
            *_conditions(rule, recipient),
            *unmodelled(rule),
        ),
        stops=lambda rule: rule.stop_rule_processing,
        cite=RULES,
    )


def _takes_part(rule: TransportRule) -> Iterator[Check]:
    """Want a rule that is enabled, and that acts: in the other modes it is only watched."""
    yield is_on(rule, "Enabled", rule.enabled, cite=RULES)
    for name, value, wanted in (
        ("State", rule.state, RuleState.ENABLED),
        ("Mode", rule.mode, RuleMode.ENFORCE),
    ):
        yield check(
            value is wanted,
            name,
            saw=value.value,
            wanted=wanted.value,
            cite=RULES,
            source=rule.source(name),
        )


def _conditions(rule: TransportRule, recipient: DirectoryRecipient | None) -> tuple[Check, ...]:
    if not rule.recipient_ad_attribute_contains_words:
        return ()
    wanted = rule.recipient_ad_attribute_contains_words
    values = {name.lower(): value for name, value in recipient.attributes.items()} if recipient else {}
    met = any(each.found_in(values.get(each.attribute.lower(), "")) for each in wanted)
    saw = ", ".join(
        f"{each.attribute} {values.get(each.attribute.lower(), '') or 'empty'}" for each in wanted
    )
    return (
        check(
            met,
            "RecipientADAttributeContainsWords",
            saw=saw if recipient else "no recipient of this tenant",
            wanted="; ".join(map(str, wanted)),
            cite=RULES,
            source=rule.source("RecipientADAttributeContainsWords"),
        ),
    )
