"""The Front End and Transport services as they receive: Receive connectors, rights, the answers at each stage of a session."""
