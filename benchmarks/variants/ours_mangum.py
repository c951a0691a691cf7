"""Ours, plus Mangum, which brings asyncio."""

import mangum

from functions.predict import handler

__all__ = ["handler", "mangum"]
