"""Names of subjects and issuers, as Exchange shows them and as RFC 4514 writes them.

Called by the linker, by ``pki``, which writes them into certificates, and by the vendors, which compare them. Pure. What is
read is what Windows prints (``CN=mail.contoso.com, O="Contoso, Ltd", S=Washington, C=US``) and RFC 4514's form without its
escapes by number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

KNOWN = ("CN", "OU", "O", "L", "ST", "C", "DC", "STREET", "UID", "E")
"""What a certificate of a scenario may have in its names."""

_LONGEST = 64  # ub-common-name, ub-organization-name and the like of RFC 5280

# the last one is what Windows writes for the state or province
_SYNONYMS = {"EMAILADDRESS": "E", "MAIL": "E", "S": "ST"}
_PART = re.compile(r'(?:^|[,+])\s*([A-Za-z0-9.]+)\s*=\s*("(?:[^"]|"")*"|(?:\\.|[^,+\\])*)')


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A name in X.500 form.

    Args:
        parts: pairs of attribute and value, the most specific first, as they are written; attributes are upper case.
    """

    parts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> DistinguishedName:
        """Read a name that goes into a certificate.

        Raises:
            ValueError: for an attribute that is not known here, a value that X.509 cannot hold, or no attribute.
        """
        name = read_name(text)
        wrong = [attribute for attribute, value in name.parts if not _fits(attribute, value)]
        if wrong or not name.parts:
            what = f"{wrong[0]} is not known, empty or too long" if wrong else "there is no attribute"
            raise ValueError(f"{text!r} is no distinguished name: {what}; wanted {', '.join(KNOWN)}")
        return name

    @classmethod
    def of_common_name(cls, common_name: str) -> DistinguishedName:
        """Return the name that consists of a CN."""
        return cls((("CN", common_name),))

    @property
    def common_name(self) -> str:
        """Return the CN, the most specific where there are several; empty without one."""
        return next((value for attribute, value in self.parts if attribute == "CN"), "")

    @property
    def compared(self) -> frozenset[tuple[str, str]]:
        """Return what is compared: order and case do not count."""
        return frozenset((attribute, value.lower()) for attribute, value in self.parts)

    def __str__(self) -> str:
        return ", ".join(f"{attribute}={_quoted(value)}" for attribute, value in self.parts)


@lru_cache(maxsize=1024)
def read_name(text: str) -> DistinguishedName:
    """Read a name as Windows or RFC 4514 write it, whatever its attributes are; what is no attribute is left out."""
    return DistinguishedName(
        tuple((_attribute(attribute), _value(value)) for attribute, value in _PART.findall(text))
    )


def _fits(attribute: str, value: str) -> bool:
    """Tell whether a certificate can hold a value (RFC 5280, appendix A.1: a country is two letters)."""
    return attribute in KNOWN and (len(value) == 2 if attribute == "C" else 0 < len(value) <= _LONGEST)


def _attribute(text: str) -> str:
    return _SYNONYMS.get(text.upper(), text.upper())


def _value(text: str) -> str:
    quoted = text.strip()
    bare = quoted[1:-1].replace('""', '"') if quoted.startswith('"') else re.sub(r"\\(.)", r"\1", quoted)
    return bare.strip()


def _quoted(value: str) -> str:
    return f'"{value}"' if "," in value or "+" in value else value
