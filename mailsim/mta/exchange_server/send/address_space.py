"""An address space of a Send connector: ``Type:Space;Cost``.

Source: Set-SendConnector (AddressSpaces).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailsim.mail.pattern import DomainPattern

SMTP = "SMTP"
OWN_DOMAINS = "--"
"""Stands for all authoritative and internal relay domains; only Edge Transport servers know it."""


@dataclass(frozen=True, slots=True)
class AddressSpace:
    """One entry of AddressSpaces.

    Args:
        pattern: the domains covered, ``*.contoso.com`` with contoso.com; None for ``--`` and for other types than SMTP.
        cost: 1 to 100.
        kind: the type, such as SMTP or X400.
        text: the space as written.
    """

    pattern: DomainPattern | None
    cost: int = 1
    kind: str = SMTP
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> AddressSpace:
        """Read an address space.

        Raises:
            ValueError: for a cost outside 1 to 100, or an SMTP space that is no domain pattern.
        """
        whole, cost = _without_cost(text.strip())
        kind, colon, space = whole.partition(":")
        if not colon:
            kind, space = SMTP, whole
        kind, space = kind.strip(), space.strip()
        if kind.upper() != SMTP:
            return cls(None, cost, kind, space)
        return cls(None if space == OWN_DOMAINS else DomainPattern.parse(space), cost, SMTP, space)

    @property
    def is_smtp(self) -> bool:
        """Whether it is of the type SMTP."""
        return self.kind == SMTP

    @property
    def is_own_domains(self) -> bool:
        """Whether it is ``--``."""
        return self.is_smtp and self.pattern is None

    def specificity(self, domain: str, own: Iterable[DomainPattern]) -> tuple[int, int, int] | None:
        """Return how specific it is for a domain, larger for more; None where it does not cover the domain.

        A domain that is written goes before ``--`` with the same one among the accepted domains. That is inferred: the wizard's
        connector for the coexistence domain, an accepted domain, works on Edge Transport servers.

        Args:
            domain: lower case.
            own: the domains that ``--`` stands for.
        """
        if self.pattern is not None:
            return (*self.pattern.specificity, 1) if self.pattern.covers(domain, apex=True) else None
        covering = (each for each in own if self.is_own_domains and each.covers(domain, apex=False))
        return max(((*each.specificity, 0) for each in covering), default=None)

    @property
    def shown(self) -> str:
        """The space as an explanation shows it: without its cost, and without its type where that is SMTP."""
        space = self.text or str(self.pattern)
        return space if self.is_smtp else f"{self.kind}:{space}"

    def __str__(self) -> str:
        return f"{self.kind}:{self.text or self.pattern};{self.cost}"


def _without_cost(text: str) -> tuple[str, int]:
    """Split the cost off; a space of another type may hold semicolons, and then has its cost written."""
    space, semicolon, cost = text.rpartition(";")
    if not semicolon:
        return text, 1
    if not (cost.strip().isdigit() and 1 <= int(cost) <= 100):
        raise ValueError(f"the cost {cost!r} of an address space is not between 1 and 100")
    return space, int(cost)
