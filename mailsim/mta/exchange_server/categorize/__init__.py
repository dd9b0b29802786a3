"""The categorizer: recipients, limits, what may leave, and where everything goes."""
