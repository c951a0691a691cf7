"""Stands before a deployed function's own folders in traced starts, and is no part of what is deployed."""
