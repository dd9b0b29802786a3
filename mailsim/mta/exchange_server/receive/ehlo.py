"""The answer to EHLO: the extensions of a Receive connector, in Exchange's order.

Only what mailsim speaks is announced; what Exchange would announce beside it stands in the explanation. Sources: "Use
Telnet to test SMTP communication", New-ReceiveConnector (the properties that switch extensions), published captures of
Exchange 2019.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailsim.mail.reply import Reply
from mailsim.mta.exchange_server import replies
from mailsim.mta.exchange_server.certificate_choice import choose_certificate
from mailsim.mta.exchange_server.receive import submission
from mailsim.mta.exchange_server.receive.receive_connector import ReceiveConnector, names_itself, offers_login
from mailsim.mta.exchange_server.receive.usage import AuthMechanism, SizeMode
from mailsim.mta.kind import PointOfView, ServerTls, Session
from mailsim.reason.check import Check, check
from mailsim.reason.cite import documented
from mailsim.reason.decision import Decision, Gate, Reason, admit

EXTENSIONS = documented("ms:test-smtp-with-telnet", "the EHLO reply of a server")
STARTTLS = documented("ms:inbound-starttls-certificates-selection", "step 2: AuthMechanism")


def answer_ehlo(at: PointOfView, session: Session) -> Decision[Reply]:
    """Answer EHLO with the extensions, HELO with the greeting alone."""
    connector: ReceiveConnector = session.receiving
    gate = Gate(
        "RequireEHLODomain",
        lambda: names_itself(connector, session.facts),
        replies.NO_EHLO_DOMAIN,
        documented("ms:new-receiveconnector", "RequireEHLODomain"),
    )
    named = admit("EHLO", (gate,))
    if named.value is not None:
        return Decision("EHLO", named.value, named.because, "refused")
    lines = [f"{connector.fqdn or at.mta.fqdn} Hello [{session.facts.peer_ip}]"]
    if not session.facts.extended:
        return Decision("HELO", Reply(250, "", tuple(lines)), (), "welcome")
    offer = decide_starttls(at, session)
    lines += _extensions(connector, session, starttls=offer.value is not None)
    login = offers_login(connector, session.facts)
    auth = Decision("AUTH", not login.failed, (login,), "not offered" if login.failed else "offered")
    # what is offered stands last, since it decides whether a sender that wants TLS goes on
    because: tuple[Reason, ...] = (*_left_out(connector), auth, offer) if offer.because else (auth,)
    return Decision("EHLO", Reply(250, "", tuple(lines)), because, "welcome")


def decide_starttls(at: PointOfView, session: Session) -> Decision[str | None]:
    """Decide whether STARTTLS is offered, and with which certificate: Tls in AuthMechanism, and one that fits."""
    connector: ReceiveConnector = session.receiving
    if session.facts.tls is not None:
        return Decision("STARTTLS", None, (), "TLS is on")
    enabled = check(
        AuthMechanism.TLS in connector.mechanisms,
        f"AuthMechanism of {connector.name!r}",
        saw=", ".join(each.value for each in connector.mechanisms) or "none",
        wanted="Tls",
        cite=STARTTLS,
        source=connector.source("AuthMechanism"),
    )
    if enabled.failed:
        return Decision("STARTTLS", None, (enabled,), "not offered")
    found = choose_certificate(
        at,
        connector.tls_certificate_name,
        connector.fqdn or at.mta.fqdn,
        setting=_setting(at, connector),
        source=connector.source("TlsCertificateName" if connector.tls_certificate_name else "Fqdn"),
    )
    answer = f"offered with {found.value}" if found.value else "not offered (event 12014)"
    return Decision("STARTTLS", found.value, (enabled, found), answer)


def tls_for(at: PointOfView, session: Session) -> ServerTls | None:
    """Say how to enter TLS where STARTTLS is offered; the client's certificate is always asked for."""
    certificate = decide_starttls(at, session).value
    return ServerTls(certificate, ask_client=True, versions=at.mta.tls) if certificate else None


def auth_keywords(session: Session) -> tuple[str, ...]:
    """Return the AUTH line of the connector, where users may sign in now."""
    offered = submission.mechanisms(session)
    return (" ".join(("AUTH", *offered)),) if offered else ()


def _setting(at: PointOfView, connector: ReceiveConnector) -> str:
    """Name the property that finds the certificate, and the server whose store is searched."""
    name = "TlsCertificateName" if connector.tls_certificate_name else "Fqdn"
    return f"{name} of {connector.name!r} on {at.mta.fqdn}"


def _extensions(connector: ReceiveConnector, session: Session, *, starttls: bool) -> list[str]:
    size = {
        SizeMode.ENABLED: f"SIZE {connector.max_message_size}",
        SizeMode.ENABLED_WITHOUT_VALUE: "SIZE",
        SizeMode.DISABLED: "",
    }
    before = (
        (size[connector.size_enabled], True),
        ("PIPELINING", connector.pipelining_enabled),
        ("DSN", connector.delivery_status_notification_enabled),
        ("ENHANCEDSTATUSCODES", connector.enhanced_status_codes_enabled),
        ("STARTTLS", starttls),
    )
    after = (
        ("8BITMIME", connector.eight_bit_mime_enabled),
        ("BINARYMIME", connector.binary_mime_enabled),
        ("CHUNKING", connector.chunking_enabled),
        ("SMTPUTF8", connector.smtp_utf8_enabled),
    )
    shown = [[word for word, on in words if on and word] for words in (before, after)]
    return [*shown[0], *auth_keywords(session), *shown[1]]


def _left_out(connector: ReceiveConnector) -> Iterator[Check]:
    """Name the extensions that Exchange announces in clear text and mailsim does not speak."""
    servers = AuthMechanism.EXCHANGE_SERVER in connector.mechanisms
    users = {AuthMechanism.BASIC_AUTH, AuthMechanism.INTEGRATED} & set(connector.mechanisms)
    words = (
        ("AUTH", bool(users)),
        ("X-ANONYMOUSTLS", servers and not connector.suppress_x_anonymous_tls),
        ("X-EXPS", servers),
        ("AUTH NTLM", AuthMechanism.INTEGRATED in connector.mechanisms),
        ("XRDST", servers),
    )
    unspoken = [word for word, on in words if on]
    if unspoken:
        saw = f"{', '.join(unspoken)} (announced by Exchange, not spoken here)"
        yield check(True, f"extensions of {connector.name!r}", saw=saw, cite=EXTENSIONS)
