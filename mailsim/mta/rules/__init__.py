"""Transport rules (mail flow rules): the first condition and the first action; both products will share the engine."""
