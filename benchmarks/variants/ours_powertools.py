"""Ours, plus the import that most functions start with."""

from aws_lambda_powertools import Logger

from functions.predict import handler

logger = Logger()
__all__ = ["handler"]
