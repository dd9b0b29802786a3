"""What two hosts agree on follows from the versions of TLS that each speaks."""

from __future__ import annotations

import pytest

from mailsim.world.tls_version import NoCommonVersion, TlsVersion, TlsVersions

V10, V11, V12, V13 = TlsVersion


@pytest.mark.parametrize(
    ("one", "other", "agreed"),
    [
        (TlsVersions(), TlsVersions(), V13),
        (TlsVersions(V10, V13), TlsVersions(V10, V11), V11),
        (TlsVersions(V12, V12), TlsVersions(), V12),
        (TlsVersions(V10, V10), TlsVersions(V10, V13), V10),
        (TlsVersions(V10, V11), TlsVersions(), None),
        (TlsVersions(V13, V13), TlsVersions(V10, V12), None),
    ],
    ids=str,
)
@pytest.mark.shows("rfc8446", "section 4.2.1")
def test_the_highest_common_version(one, other, agreed):
    """The highest version that both speak is agreed on, whoever of them is the client; none where there is none."""
    assert one.agreed(other) is other.agreed(one) is agreed
    assert (NoCommonVersion.between(one, other) is None) is (agreed is not None)


def test_how_versions_are_shown():
    """A range is shown as administrators say it, a version in a session as Exchange prints it."""
    assert [str(each) for each in (TlsVersions(), TlsVersions(V12, V12))] == ["TLS 1.2 to 1.3", "TLS 1.2"]
    assert [each.shown for each in TlsVersion] == ["TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"]
    assert [each.deprecated for each in TlsVersion] == [True, True, False, False]
    mismatch = NoCommonVersion.between(TlsVersions(V13, V13), TlsVersions(V12, V12))
    assert str(mismatch) == (
        "the handshake failed: no common version, the client speaks TLS 1.3, the server TLS 1.2"
    )


def test_a_range_needs_a_version():
    """A lowest version above the highest is no range."""
    with pytest.raises(ValueError, match=r"TLS 1\.3 is above TLS 1\.2"):
        TlsVersions(V13, V12)
