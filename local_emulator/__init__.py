"""Runs the artifacts that would be deployed, with the vendors' own runtime programs, on this machine."""
