"""Domain patterns: ``contoso.com``, ``*.contoso.com`` and ``*``.

Whether ``*.contoso.com`` covers ``contoso.com`` itself differs between products, so the caller says it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailsim.mail.address import parse_domain


@dataclass(frozen=True, slots=True)
class DomainPattern:
    """A domain, a domain with all below it, or everything.

    Args:
        base: the domain without the wildcard; empty for ``*``.
        wildcard: whether it starts with ``*``.
    """

    base: str
    wildcard: bool

    @classmethod
    def parse(cls, text: str) -> DomainPattern:
        """Read ``domain``, ``*.domain`` or ``*``.

        Raises:
            ValueError: for an embedded wildcard or anything that is not a domain.
        """
        text = text.strip()
        if text == "*":
            return cls("", wildcard=True)
        rest = text.removeprefix("*.")
        if "*" in rest:
            raise ValueError(f"{text!r} is not a domain pattern; wanted contoso.com, *.contoso.com or *")
        return cls(parse_domain(rest), wildcard=rest != text)

    def covers(self, domain: str, *, apex: bool) -> bool:
        """Tell whether a domain matches.

        Args:
            domain: lower case.
            apex: whether ``*.contoso.com`` covers ``contoso.com`` too.
        """
        if not self.wildcard:
            return domain == self.base
        if not self.base:
            return True
        return domain.endswith("." + self.base) or (apex and domain == self.base)

    @property
    def specificity(self) -> tuple[int, int]:
        """Return a value that is larger the more specific the pattern is: exact, then the longest wildcard."""
        return (0 if self.wildcard else 1, len(self.base))

    def __str__(self) -> str:
        if not self.wildcard:
            return self.base
        return f"*.{self.base}" if self.base else "*"
