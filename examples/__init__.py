"""Programs that show the main jobs, each run by a test."""
