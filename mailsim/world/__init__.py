"""The immutable topology and the facts about a session: what there is, not what it does."""
