"""A transport rule as New-TransportRule writes it.

Modelled so far: the condition RecipientADAttributeContainsWords (one attribute and its words, such as
``City:New Orleans``) and the action RouteMessageOutboundConnector. Everything else is refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar

from mailsim.world.source import Written


@dataclass(frozen=True, slots=True)
class AttributeWords:
    """``Attribute:word,word``: one of the words stands in the attribute.

    Args:
        attribute: the property name, such as City.
        words: any of them.
    """

    attribute: str
    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> AttributeWords:
        """Read ``Attribute:word,word``.

        Raises:
            ValueError: if it is not of that form.
        """
        attribute, colon, words = text.partition(":")
        found = tuple(word.strip().strip("'\"") for word in words.split(",") if word.strip())
        if not colon or not attribute.strip() or not found:
            raise ValueError(f"{text!r} is not Attribute:words; wanted such as 'City:New Orleans'")
        return cls(attribute.strip(), found)

    def found_in(self, value: str) -> bool:
        """Tell whether a word stands in a value, whole and in any case."""
        return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", value, re.IGNORECASE) for word in self.words)

    def __str__(self) -> str:
        return f"{self.attribute}:{','.join(self.words)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportRule(Written):
    """A mail flow rule (New-TransportRule)."""

    SPELLING: ClassVar[str] = "exchange"
    IGNORED: ClassVar[frozenset[str]] = frozenset({"Comments", "Identity", "Guid", "RuleVersion"})

    name: str
    route_message_outbound_connector: str
    recipient_ad_attribute_contains_words: tuple[AttributeWords, ...] = field(
        default=(), metadata={"name": "RecipientADAttributeContainsWords"}
    )
    priority: int | None = None
    enabled: bool = True
    stop_rule_processing: bool = False
