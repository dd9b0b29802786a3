"""How the service receives: attribution, admission, submission, the answers at each stage of a session."""
