"""Citations name a source and how good it is."""

from __future__ import annotations

import pytest

from mailsim.reason.cite import assumed, documented, observed, rfc


@pytest.mark.parametrize(
    ("cite", "text"),
    [
        (rfc(5321, "4.1.4"), "rfc5321, section 4.1.4 (normative)"),
        (documented("kb3212877"), "kb3212877 (documented)"),
        (observed("telnet", "a capture"), "telnet, a capture (observed)"),
        (assumed("listed-first", "the first wins"), "listed-first, the first wins (assumed)"),
    ],
)
def test_a_citation_in_words(cite, text):
    """Key, place and grade are shown, an empty place is left out."""
    assert str(cite) == text
