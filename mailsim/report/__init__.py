"""What people read: journeys, explanations, expectations. Readers of the trace."""
