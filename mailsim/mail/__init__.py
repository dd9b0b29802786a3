"""Internet mail as the RFCs define it: addresses, commands, replies, messages, reports. Knows no topology."""
