"""What peers are given to serve, written as their own documentation shows it. Each runs in its peer's environment."""
