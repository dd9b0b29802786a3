"""Exchange Server 2016, 2019 and SE on-premises, with the stages of Microsoft's pipeline: receive, categorize, send."""

from __future__ import annotations

from mailsim.mta.exchange_server.kind import ExchangeServer

KIND = ExchangeServer()
