"""How the service sends: outbound connectors, their choice, the sender that leaves, TLS, queues."""
