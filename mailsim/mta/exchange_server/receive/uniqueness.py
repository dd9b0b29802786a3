"""Which Receive connectors one server can have side by side.

Called while a scenario is linked. Source: New-ReceiveConnector (Bindings, RemoteIPRanges): a binding may be used again
where the remote ranges differ, and ranges may overlap where one lies completely inside the other.
"""

from __future__ import annotations

from itertools import product

from mailsim.mta.exchange_server.receive.receive_connector import ReceiveConnector


def conflict(one: ReceiveConnector, other: ReceiveConnector) -> str:
    """Return why two connectors of a server exclude each other, with the binding and the ranges; empty if not."""
    shared = [binding for binding in one.listens_on if binding in other.listens_on]
    if not shared:
        return ""
    for mine, theirs in product(one.remote_ip_ranges, other.remote_ip_ranges):
        where = f"binding {shared[0]}"
        if mine == theirs:
            return f"{where} and range {mine} are both given twice"
        nested = mine.contains(theirs) or theirs.contains(mine)
        if mine.overlaps(theirs) and not nested:
            return f"on {where} the ranges {mine} and {theirs} overlap and neither lies inside the other"
    return ""
