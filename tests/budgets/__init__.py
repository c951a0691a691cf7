"""What a cold start may cost, counted and not timed: ceilings in tests/budgets.toml."""
