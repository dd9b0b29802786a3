"""Names of subjects and issuers are read as Windows and RFC 4514 write them."""

from __future__ import annotations

import pytest

from mailsim.world.distinguished_name import DistinguishedName, read_name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CN=mail.contoso.com", "CN=mail.contoso.com"),
        ("cn=mail.contoso.com,O=Contoso", "CN=mail.contoso.com, O=Contoso"),
        ('CN=CA, O="Contoso, Ltd", S=Washington, C=US', 'CN=CA, O="Contoso, Ltd", ST=Washington, C=US'),
        (r"CN=CA,O=Contoso\, Ltd", 'CN=CA, O="Contoso, Ltd"'),
        ("CN=CA + OU=Two", "CN=CA, OU=Two"),
    ],
)
def test_names_are_read_and_shown(text, shown):
    """What is written comes out in one form, and reads the same again."""
    name = DistinguishedName.parse(text)
    assert str(name) == shown
    assert DistinguishedName.parse(shown) == name


@pytest.mark.parametrize("text", ["", "Contoso", "CN=", "CN=a, X=b", "CN=a, C=USA", f"CN={'a' * 65}"])
def test_what_is_no_name(text):
    """An attribute that is unknown, empty or longer than X.509 allows is refused with the attributes that may be written."""
    with pytest.raises(ValueError, match="is no distinguished name"):
        DistinguishedName.parse(text)


def test_comparison_ignores_order_and_case():
    """Two ways to write one name compare equal; another value does not."""
    one, other = read_name("CN=CA, O=X, C=US"), read_name("C=us,O=x,CN=ca")
    assert one.compared == other.compared
    assert one.compared != read_name("CN=CA, O=X").compared


def test_common_name():
    """The CN may stand anywhere, and need not be there."""
    assert read_name("O=X, CN=mail.contoso.com").common_name == "mail.contoso.com"
    assert read_name("O=X").common_name == ""
