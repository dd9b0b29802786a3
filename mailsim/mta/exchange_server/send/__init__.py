"""The Transport service as it sends: Send connectors, their choice, TLS, next hops, queues."""
