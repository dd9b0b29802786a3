"""The categorizer: whose recipients, limits, rules, what may leave, and where everything goes."""
