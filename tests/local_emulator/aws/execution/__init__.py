"""Execution of Lambda functions, tested with the real runtime client."""
