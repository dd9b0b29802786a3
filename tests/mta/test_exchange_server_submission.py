"""Client submission to Exchange Server, where a stock client would not go: failed logons, errors, what is announced."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exchange_worlds import envelope, kind, on_premises, receive_connector, session, take, view

from mailsim.mail.address import Mailbox
from mailsim.mail.command import Mail
from mailsim.mail.sasl import Claim
from mailsim.mta.exchange_server.receive.default_connectors import default_connectors
from mailsim.mta.exchange_server.receive.rights import PermissionGroup
from mailsim.mta.exchange_server.receive.usage import CLIENTS, AuthMechanism, RateSource
from mailsim.mta.kind import PointOfView
from mailsim.reason.check import Check
from mailsim.world.directory import Credentials, Directory, DirectoryRecipient, RecipientType

ALICE = Mailbox.parse("alice@contoso.com")
USERS = Directory(
    [
        DirectoryRecipient(
            kind=RecipientType.MAILBOX,
            primary=ALICE,
            proxies=(ALICE, Mailbox.parse("sales@contoso.com")),
            credentials=Credentials(password="secret"),
        )
    ]
)
RIGHT, WRONG = Claim("alice@contoso.com", "secret"), Claim("alice@contoso.com", "guess")


def at_client_connector(**more) -> PointOfView:
    """Look from a server whose only connector is for clients."""
    told = {"permission_groups": (PermissionGroup.EXCHANGE_USERS,), "auth_mechanism": CLIENTS} | more
    connector = receive_connector("Clients", **told)
    return view(on_premises(receive_connectors=(connector,), directory=USERS))


def logon(at: PointOfView, claim: Claim, failures: int = 0):
    """Sign in after some failures."""
    return kind(at).on_auth(at, session(at, tls=True, logon_failures=failures), claim)


@pytest.mark.parametrize(
    ("name", "password", "taken"),
    [
        ("alice@contoso.com", "secret", True),
        ("Alice@Contoso.COM", "secret", True),
        ("alice@contoso.com", "Secret", False),
        ("alice@contoso.com", "", False),
        ("sales@contoso.com", "secret", False),
        ("alice", "secret", False),
        ("", "", False),
        ("\x00@\xff", "secret", False),
    ],
)
def test_who_signs_in(name, password, taken):
    """The primary address in any case, and the password to the letter."""
    at = at_client_connector()
    assert (logon(at, Claim(name, password)).value is None) is taken


def test_a_mailbox_without_password_signs_nobody_in():
    """An empty password is none."""
    user = replace(USERS.find(ALICE), credentials=Credentials())
    at = view(on_premises(receive_connectors=(receive_connector(),), directory=Directory([user])))
    assert str(logon(at, Claim("alice@contoso.com", "")).value) == "535 5.7.3 Authentication unsuccessful"


@pytest.mark.parametrize(("limit", "failures", "code"), [(3, 2, 535), (3, 3, 421), (0, 99, 535), (1, 1, 421)])
@pytest.mark.shows("onprem-logon-failures", "exceeded")
def test_one_logon_failure_too_many(limit, failures, code):
    """After MaxLogonFailures the next one closes the connection; 0 bears any number."""
    decision = logon(at_client_connector(max_logon_failures=limit), WRONG, failures)
    assert decision.value.code == code
    assert decision.because[-1].rule == "MaxLogonFailures of 'Clients'"


@pytest.mark.shows("onprem-logon-failures", "reached")
def test_the_failure_that_reaches_the_limit():
    """The other choice: the third failure of three closes."""
    at = at_client_connector()
    at = replace(at, world=replace(at.world, assumptions={"onprem-logon-failures": "reached"}))
    assert [logon(at, WRONG, failures).value.code for failures in (0, 1, 2)] == [535, 535, 421]


def test_the_right_password_after_failures():
    """Failures before do not keep the right password out."""
    assert logon(at_client_connector(), RIGHT, 3).value is None


@pytest.mark.parametrize(("written", "borne"), [(5, 5), (0, 0), ("Unlimited", None)])
def test_max_protocol_errors(written, borne):
    """MaxProtocolErrors goes to the session; Unlimited bears any number."""
    at = at_client_connector(max_protocol_errors=written)
    assert kind(at).on_connect(at, session(at).facts).protocol_errors == borne


@pytest.mark.parametrize(
    ("mechanisms", "clear", "tls"),
    [
        (CLIENTS, (), ("LOGIN",)),
        ((AuthMechanism.TLS, AuthMechanism.BASIC_AUTH), ("LOGIN",), ("LOGIN",)),
        ((AuthMechanism.TLS, AuthMechanism.INTEGRATED), (), ()),
        ((AuthMechanism.NONE,), (), ()),
    ],
)
def test_what_is_offered(mechanisms, clear, tls):
    """LOGIN by BasicAuth alone, over TLS where BasicAuthRequireTLS says so; never what is not spoken here."""
    at = at_client_connector(auth_mechanism=mechanisms)
    offered = [kind(at).mechanisms(at, session(at, tls=secured)) for secured in (False, True)]
    assert offered == [clear, tls]
    for secured, words in ((False, clear), (True, tls)):
        lines = kind(at).on_ehlo(at, session(at, tls=secured)).value.lines
        assert [line for line in lines if line.startswith("AUTH")] == ["AUTH LOGIN"] * bool(words)


def test_default_client_connectors_take_five_messages_a_minute():
    """Client Frontend and Client Proxy: rate 5 a minute by user; the others unlimited."""
    rates = {each.name: (each.rate_limit, each.message_rate_source) for each in default_connectors("mbx1")}
    by_user = {name: rate for name, rate in rates.items() if rate[0]}
    assert by_user == dict.fromkeys(("Client Frontend mbx1", "Client Proxy mbx1"), (5, RateSource.USER))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_logon_failures", 11),
        ("max_protocol_errors", -1),
        ("message_rate_limit", 0),
    ],
)
def test_outside_the_range(name, value):
    """What the cmdlet refuses is refused."""
    with pytest.raises(ValueError, match="wanted"):
        receive_connector(**{name: value})


def test_the_null_reverse_path_is_anybodys():
    """A user may send reports; the From field of one is judged all the same."""
    at = at_client_connector()
    where = session(at, tls=True, user="alice@contoso.com")
    assert kind(at).on_mail(at, where, Mail(None)).value is None
    assert take(at, where, envelope("", "bob@contoso.com")).reply.value.enhanced == "5.7.60"


def test_no_explanation_shows_a_password():
    """What was claimed and what would be right are both kept out of checks and texts."""
    told = [repr(logon(at_client_connector(), claim, 3)) for claim in (RIGHT, WRONG)]
    assert all("guess" not in text and "secret" not in text for text in told)
    assert "secret" not in repr(USERS.find(ALICE))
    first = logon(at_client_connector(), WRONG).because[0]
    assert isinstance(first, Check)
    assert first.saw == "alice@contoso.com with another password"
