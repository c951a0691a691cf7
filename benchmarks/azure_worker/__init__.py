"""Apps under Azure's own worker runtime, without a host around it."""
