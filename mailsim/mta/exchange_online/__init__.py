"""Exchange Online with EOP: one service, many tenants; attribution decides whose mail a session carries."""

from __future__ import annotations

from mailsim.mta.exchange_online.kind import ExchangeOnline

KIND = ExchangeOnline()
