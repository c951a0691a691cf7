"""Bundles that lie elsewhere: fetched in the init phase, verified, then served from this machine's disk."""
