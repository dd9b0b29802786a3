"""Who may send in a domain's name: SPF, DKIM, DMARC, ARC, and the policies for TLS between domains.

Answers what the RFCs say about a message or a host. Vendors ask and decide what they do with the verdicts; this package
knows none of them. Every answer is a frozen value that keeps the checks it rests on.

Rules: the DNS is asked through one small protocol (``lookup.Lookup``), never through a resolver of the machine; the time is
an argument; nothing is random, since RSA PKCS #1 v1.5 and Ed25519 sign alike each time. The libraries behind it (pyspf,
dkimpy, publicsuffixlist) are imported when they are first needed, so that whoever does without pays nothing.
"""
