"""AUTH LOGIN and AUTH PLAIN as the server asks for them."""

from __future__ import annotations

import pytest

from mailsim.mail.sasl import SERVER, CancelledError, Claim, encoded


def claim(mechanism: str, *lines: str) -> tuple[list[str], Claim]:
    """Play the client's lines, the first one as initial response, and return the challenges and the claim."""
    initial, *rest = lines
    dialogue, challenges = SERVER[mechanism](initial), []
    try:
        challenges.append(next(dialogue))
        for line in rest:
            challenge = dialogue.send(line)
            challenges.append(challenge)
    except StopIteration as end:
        return challenges, end.value
    raise AssertionError("the dialogue goes on")


def test_login_asks_for_name_and_password():
    """The challenges are Username: and Password: in base64, as every client of AUTH LOGIN knows them."""
    challenges, found = claim("LOGIN", "", encoded("alice"), encoded("secret"))
    assert challenges == ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"]
    assert found == Claim("alice", "secret")


def test_login_takes_the_name_at_once():
    """An initial response is the user name (RFC 4954 section 4)."""
    assert claim("LOGIN", encoded("alice"), encoded(""))[1] == Claim("alice", "")


def test_plain_takes_everything_at_once_or_asks():
    """Authorization identity, user and password, each behind a NUL (RFC 4616 section 2)."""
    everything = encoded("\0alice\0secret")
    assert claim("PLAIN", everything) == ([], Claim("alice", "secret"))
    assert claim("PLAIN", "", everything) == ([""], Claim("alice", "secret"))


@pytest.mark.parametrize(
    ("mechanism", "line", "problem"),
    [
        ("LOGIN", "*", CancelledError),
        ("LOGIN", "not base64!", ValueError),
        ("PLAIN", encoded("alice"), ValueError),
        ("PLAIN", "/w==", ValueError),
    ],
)
def test_what_is_no_answer(mechanism, line, problem):
    """A star cancels (RFC 4954 section 4); what is not base64 or has the wrong parts is refused."""
    with pytest.raises(problem):
        claim(mechanism, "", line)
