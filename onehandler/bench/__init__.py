"""Measures a deployed bundle: cold and warm, where the time goes, and what memory setting suits it.

Knows no cloud: what starts and invokes is a `Deployment` that `onehandler bench` brings.
"""
