"""How the service judges senders: SPF, DKIM, DMARC, ARC and the composite of them."""
