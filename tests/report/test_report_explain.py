"""Explanations, word by word."""

from __future__ import annotations

from ipaddress import IPv4Address

from mailsim.config.load import load_text
from mailsim.mta.exchange_server.receive.receive_connector import choose_receive_connector
from mailsim.reason.check import check, unknown
from mailsim.reason.choice import Choice, Rank, select
from mailsim.reason.cite import assumed, documented, rfc
from mailsim.reason.decision import Decision, Gate, admit
from mailsim.report.explain import explain, explain_event
from mailsim.report.style import COLOURS, WIDTH
from mailsim.report.why import alternatives, gists
from mailsim.trace.events import Failed, Routed
from mailsim.world.facts import SessionFacts
from tests.trace.runs import bounced, without_tls

SELECTION = documented("ms:connector-selection", "Connector selection in external message routing")
GUESS = assumed("unmodelled", "the property is set but mailsim does not model it")

CONNECTORS = {
    "To Internet": ("*", True, 40),
    "Partner Fabrikam": ("*.fabrikam.com", True, 31),
    "Old Fabrikam": ("marketing.fabrikam.com", False, 44),
}


def send_connector(*, doubt: bool = False) -> Choice[str]:
    """Choose one of three Send connectors, the winner perhaps with a property that is not modelled."""
    doubts = (unknown("SourceTransportServers", saw="set", cite=GUESS, source="partner.yaml:35"),)
    return select(
        "send connector for lena@marketing.fabrikam.com",
        CONNECTORS,
        name=str,
        source=lambda name: f"partner.yaml:{CONNECTORS[name][2]}",
        checks=lambda name: (
            check(
                CONNECTORS[name][1],
                "Enabled",
                saw=str(CONNECTORS[name][1]),
                wanted="True",
                cite=SELECTION,
                source=f"partner.yaml:{CONNECTORS[name][2] + 1}",
            ),
            *(doubts if doubt else ()),
        ),
        ranks=lambda name: (
            Rank("address space", -len(CONNECTORS[name][0]), CONNECTORS[name][0]),
            Rank("cost", 1, "1"),
        ),
        cite=SELECTION,
    )


def text(lines: list[str]) -> str:
    """Join lines as they are printed."""
    return "\n" + "\n".join(lines) + "\n"


def test_a_choice_names_winner_and_losers() -> None:
    """The winner stands first with the rank that decided, each loser with why it lost and the line to change."""
    assert (
        text(explain(send_connector()))
        == """
send connector for lena@marketing.fabrikam.com -> "Partner Fabrikam"
  + Partner Fabrikam  address space: *.fabrikam.com  partner.yaml:31
  - To Internet       address space: * loses to *.fabrikam.com  partner.yaml:40
  - Old Fabrikam      Enabled: False, wanted True  partner.yaml:45
  source: ms:connector-selection, Connector selection in external message routing (documented)
"""
    )


def test_a_winner_that_is_not_sure_says_so() -> None:
    """What is not judged stands under the winner, and its assumption among the sources."""
    assert (
        text(explain(send_connector(doubt=True))[:4])
        == """
send connector for lena@marketing.fabrikam.com -> "Partner Fabrikam"
  + Partner Fabrikam  address space: *.fabrikam.com  partner.yaml:31
      ? SourceTransportServers: set (not judged)  partner.yaml:35
  - To Internet       address space: * loses to *.fabrikam.com  partner.yaml:40
"""
    )
    assert "mailsim does not model it (assumed)" in explain(send_connector(doubt=True))[-1]


def test_a_choice_without_candidates_says_so() -> None:
    """Nothing to choose from is an explanation too."""
    nothing = select("outbound connector", (), name=str, checks=lambda _: (), cite=SELECTION)
    assert explain(nothing)[:2] == ["outbound connector -> none", "  there is no candidate"]
    assert gists(nothing) == ["no outbound connector: there is no candidate"]


def test_a_tie_is_an_assumption() -> None:
    """Where only the order of listing decided, the loser says that this is assumed."""
    tied = select("connector", ("a", "b"), name=str, checks=lambda _: (), cite=SELECTION)
    assert explain(tied)[2] == "  - b  equal in every rank; listed later (assumed)"


def gate(rule: str, *, met: bool, cite=SELECTION) -> Gate[str]:
    """Make a gate that is passed or not."""
    return Gate(rule, lambda: check(met, rule, saw="this", wanted="that", cite=cite), "no", cite)


def test_gates_after_the_answer_are_named() -> None:
    """A refusal shows the gates passed, the one that refused, and those not reached."""
    decision = admit(
        "RCPT TO zed@contoso.com",
        (
            gate("size", met=True, cite=rfc(1870, "6.1")),
            gate("recipient", met=False),
            gate("quota", met=True),
            gate("rate", met=True),
        ),
    )
    assert (
        text(explain(decision, by="Exchange Online"))
        == """
Exchange Online: RCPT TO zed@contoso.com -> refused
  + size: this
  - recipient: this, wanted that
  . not reached: quota, rate
  source: rfc1870, section 6.1 (normative)
          ms:connector-selection, Connector selection in external message routing (documented)
"""
    )


def test_an_assumed_rule_says_so() -> None:
    """A check that rests on an assumption is marked in its own line."""
    decision = admit("MAIL FROM", (gate("rate limit", met=True, cite=GUESS),))
    assert explain(decision)[1] == "  + rate limit: this (assumed)"


def test_choices_stand_inside_decisions() -> None:
    """A decision shows what it rests on one level deeper."""
    decision = Decision("route", None, (send_connector(),), "by Partner Fabrikam")
    assert explain(decision)[:3] == [
        "route -> by Partner Fabrikam",
        '  send connector for lena@marketing.fabrikam.com -> "Partner Fabrikam"',
        "    + Partner Fabrikam  address space: *.fabrikam.com  partner.yaml:31",
    ]


def test_long_lines_are_folded() -> None:
    """No line is wider than a terminal, and a place that does not fit gets its own line."""
    rule = check(
        False, "TlsAuthLevel", saw="word " * 40, wanted="a word", cite=SELECTION, source="hybrid.yaml:31"
    )
    lines = explain(rule)
    assert max(map(len, lines)) <= WIDTH
    assert "".join(lines).count("hybrid.yaml:31") == 1


def test_colours_tell_certain_from_uncertain() -> None:
    """What failed, what won and what is not judged differ in tone."""
    lines = explain(send_connector(doubt=True), COLOURS)
    assert lines[1].startswith(COLOURS.good)
    assert lines[2].startswith(COLOURS.unsure)
    refused = explain(admit("MAIL", (gate("size", met=False),)), COLOURS)
    assert refused[1].startswith(COLOURS.bad)


def test_an_event_is_explained_with_its_mta() -> None:
    """The first line names who decided; what was never decided has no lines."""
    events = bounced()
    routed = next(event for event in events if isinstance(event.what, Routed))
    assert explain_event(routed)[:2] == [
        "mx.fabrikam.com",
        "  + smart_hosts of mx.fabrikam.com: none, so the MX of northwind.com",
    ]
    failed = next(event for event in events if isinstance(event.what, Failed))
    assert explain_event(failed) == []


def test_a_prediction_explains_its_refusal() -> None:
    """The next hop's refusal of a recipient, as a run decides it."""
    refused = [event for event in bounced() if "zed" in getattr(event.what, "command", "")]
    assert (
        text(explain_event(refused[0]))
        == """
mx.northwind.com: RCPT TO zed@northwind.com -> refused
  - mailboxes of mx.northwind.com: zed@northwind.com: no such mailbox, wanted a mailbox
  source: rfc5321, section 3.4 (normative)
"""
    )


def test_a_prediction_explains_its_tls_policy() -> None:
    """The sender's demand for TLS that the next hop does not offer."""
    judged = next(
        event for event in without_tls() if getattr(event.because, "question", "").startswith("TLS")
    )
    assert explain_event(judged)[:2] == [
        "mx.fabrikam.com: TLS to mx.northwind.com -> refused",
        "  - tls valid_chain: mx.northwind.com offers no STARTTLS, wanted STARTTLS",
    ]
    assert explain_event(judged)[-1] == "  source: rfc3207, section 4.1 (normative)"


def test_the_gist_is_what_spoke_against() -> None:
    """One line tells the decisive check; a choice without winner names who came nearest and the line to change."""
    refused = admit("RCPT", (gate("recipient", met=False),))
    assert gists(refused) == ["recipient: this, wanted that"]
    assert gists(admit("RCPT", (gate("recipient", met=True),))) == []
    nobody = select(
        "connector",
        ("far", "near"),
        name=str,
        source=lambda name: f"a.yaml:{len(name)}",
        checks=lambda name: (
            check(name == "near", "Enabled", saw="False", wanted="True", cite=SELECTION),
            check(False, "AddressSpaces", saw="*.x", wanted="y", cite=SELECTION, source="a.yaml:9"),
        ),
        cite=SELECTION,
    )
    assert gists(nobody) == ["no connector; nearest is near: AddressSpaces: *.x, wanted y  a.yaml:9"]


def test_what_failed_on_the_way_to_a_yes_is_no_reason() -> None:
    """A choice without winner that was not needed in the end holds nothing against the mail."""
    nothing = select("connector", (), name=str, checks=lambda _: (), cite=SELECTION)
    owner = check(True, "recipient domain", saw="contoso.com", cite=SELECTION)
    attributed = Decision("attribution", None, (nothing, owner), "Incoming")
    recipient = check(False, "recipient", saw="unknown", cite=SELECTION)
    assert gists(Decision("RCPT", None, (attributed, recipient), "refused")) == ["recipient: unknown"]


def test_what_can_be_changed_comes_first() -> None:
    """A property with its line stands before a nearest object, and both before what only says that nobody wants the mail."""
    chain = check(False, "client certificate", saw="no TLS", wanted="a chain", cite=SELECTION)
    address = check(
        False, "SenderIPAddresses", saw="192.0.2.1", wanted="192.0.2.2", cite=SELECTION, source="a.yaml:9"
    )
    choices = (
        select(
            "by certificate",
            ("hybrid",),
            name=str,
            checks=lambda _: (chain,),
            source=lambda _: "a.yaml:7",
            cite=SELECTION,
        ),
        select("by address", ("hybrid",), name=str, checks=lambda _: (address,), cite=SELECTION),
    )
    nobody = check(False, "recipient domain", saw="nobody's", cite=SELECTION)
    attributed = Decision("attribution", None, (*choices, nobody), "nobody's mail")
    refused = check(False, "attributed", saw="to nobody", cite=SELECTION)
    assert gists(Decision("RCPT", None, (attributed, refused), "refused")) == [
        "no by address; nearest is hybrid: SenderIPAddresses: 192.0.2.1, wanted 192.0.2.2  a.yaml:9",
        "no by certificate; nearest is hybrid: client certificate: no TLS, wanted a chain  a.yaml:7",
        "attributed: to nobody",
        "recipient domain: nobody's",
    ]


def test_the_gate_that_refused_comes_before_its_equals() -> None:
    """Of two properties the one that was looked at last decided."""
    before = Decision(
        "rights", None, (check(False, "PermissionGroups", saw="none", cite=SELECTION, source="a.yaml:3"),)
    )
    gate_ = check(False, "MaxMessageSize", saw="2", wanted="1", cite=SELECTION, source="a.yaml:4")
    assert gists(Decision("MAIL", None, (before, gate_), "refused")) == [
        "MaxMessageSize: 2, wanted 1  a.yaml:4",
        "PermissionGroups: none  a.yaml:3",
    ]


def test_what_might_have_gone_another_way_is_told() -> None:
    """A choice says what it was won by when another candidate was eligible too, and nothing when there was none."""
    (told,) = alternatives(send_connector())
    assert told.startswith(
        "send connector for lena@marketing.fabrikam.com is Partner Fabrikam, not To Internet: "
    )
    assert told.endswith("address space: * loses to *.fabrikam.com  partner.yaml:32")
    alone = select("connector", ("a",), name=str, checks=lambda _: (), cite=SELECTION)
    assert alternatives(Decision("route", None, (alone,))) == []


def test_what_follows_from_a_refusal_does_not_hide_it() -> None:
    """A note behind the gate that refused, such as a late reply, is no yes."""
    refused = admit("RCPT", (gate("recipient", met=False), gate("quota", met=True)))
    note = check(True, "TarpitInterval", saw="late", cite=SELECTION)
    assert gists(Decision("RCPT", "no", (*refused.because, note), "refused")) == [
        "recipient: this, wanted that"
    ]


def test_a_candidate_that_lacks_one_thing_is_told_unless_it_is_for_other_mail() -> None:
    """A connector that is too small for a message is an alternative; one for another domain is none."""
    sizes, spaces = (
        {"relay": 1, "internet": 9, "other": 9},
        {"relay": "fabrikam.com", "internet": "*", "other": "x.com"},
    )
    chosen = select(
        "connector",
        sizes,
        name=str,
        checks=lambda name: (
            check(sizes[name] > 2, "MaxMessageSize", saw="2", wanted="1", cite=SELECTION, source=f"{name}:1"),
            check(name != "other", "AddressSpaces", saw=spaces[name], cite=SELECTION, source=f"{name}:2"),
        ),
        cite=SELECTION,
    )
    assert alternatives(chosen) == ["connector is internet, not relay: MaxMessageSize: 2, wanted 1  relay:1"]


def test_a_connector_of_another_port_is_no_alternative():
    """Of the Receive connectors of one port the reports name what could be changed; those of others could not have served."""
    text = """
mailsim: 1
organizations:
  contoso:
    AcceptedDomains: [{DomainName: contoso.com}]
    servers:
      mbx1:
        fqdn: mail.contoso.com
        ip: 198.51.100.10
        ReceiveConnectors:
          - {Name: Here, RemoteIPRanges: 192.0.2.0/24}
          - {Name: Elsewhere, Bindings: "198.51.100.99:25"}
          - {Name: Client, Bindings: "0.0.0.0:587"}
"""
    server = load_text(text, "s.yaml").topology.mtas["mail.contoso.com"]
    facts = SessionFacts(peer_ip=IPv4Address("192.0.2.9"), local_ip=server.addresses[0], local_port=25)
    (told,) = alternatives(choose_receive_connector(server.config.receive_connectors, facts))
    assert "not Elsewhere: Bindings: 198.51.100.99:25, wanted 198.51.100.10:25" in told
