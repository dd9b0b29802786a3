"""The simulated DNS: records, zones, views. What the scenario states, and nothing else."""

from mailsim.world.dns.dnssec import Dnssec, SecuredZones
from mailsim.world.dns.follow import Lookup, addresses_of, follow, mx_of
from mailsim.world.dns.rdata import A, Aaaa, Cname, Data, Mx, Ns, Other, Ptr, Soa, Tlsa, Txt
from mailsim.world.dns.view import View
from mailsim.world.dns.zones import Answer, DnsStatus, Fault, RecordSet, Zones

__all__ = [
    "A", "Aaaa", "Answer", "Cname", "Data", "DnsStatus", "Dnssec", "Fault", "Lookup", "Mx", "Ns", "Other", "Ptr", "RecordSet", "SecuredZones",
    "Soa", "Tlsa", "Txt", "View", "Zones", "addresses_of", "follow", "mx_of",
]  # fmt: skip
